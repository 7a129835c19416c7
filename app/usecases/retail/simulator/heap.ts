/** A binary heap: the least of many, in logarithmic time. */
export interface Heap<T> {
  readonly size: () => number;
  peek(): T | undefined;
  push(value: T): void;
  pop(): T | undefined;
}

/** @param before whether a comes out before b; ties come out in no stated order */
export function heapOf<T>(before: (a: T, b: T) => boolean): Heap<T> {
  const values: T[] = [];
  const at = (index: number): T => values[index] as T;

  function swap(a: number, b: number): void {
    const held = at(a);
    values[a] = at(b);
    values[b] = held;
  }

  function rise(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!before(at(index), at(parent))) return;
      swap(index, parent);
      index = parent;
    }
  }

  function sink(): void {
    for (let index = 0; ; ) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < values.length && before(at(child), at(least))) least = child;
      }
      if (least === index) return;
      swap(index, least);
      index = least;
    }
  }

  return {
    size: () => values.length,
    peek: () => values[0],
    push(value) {
      values.push(value);
      rise(values.length - 1);
    },
    pop() {
      const top = values[0];
      const last = values.pop();
      if (last !== undefined && values.length > 0) {
        values[0] = last;
        sink();
      }
      return top;
    },
  };
}
