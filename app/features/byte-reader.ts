/** Reads what `ByteWriter` wrote. @throws RangeError past the end or at a number that no writer makes */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get ended(): boolean {
    return this.#at === this.#buffer.length;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      if (scale > 2 ** 49) throw new RangeError(`number longer than 53 bits before byte ${this.#at}`);
    }
    if (!Number.isSafeInteger(value)) throw new RangeError(`number longer than 53 bits before byte ${this.#at}`);
    return value;
  }

  signed(): number {
    const first = this.#byte();
    const size = ((first & 0x7f) >> 1) + (first >= 0x80 ? this.unsigned() * 0x40 : 0);
    return (first & 1) === 1 ? -size : size;
  }

  double(): number {
    return this.bytes(8).readDoubleLE(0);
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#buffer.length) throw new RangeError(`${length} bytes at ${this.#at} of ${this.#buffer.length}`);
    const bytes = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    return this.bytes(this.unsigned()).toString('utf8');
  }

  flags(count: number): boolean[] {
    const bytes = this.bytes(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, i) => ((bytes[i >> 3] ?? 0) & (1 << (i & 7))) !== 0);
  }

  #byte(): number {
    const byte = this.#buffer[this.#at];
    if (byte === undefined) throw new RangeError(`end of the row at byte ${this.#at}`);
    this.#at++;
    return byte;
  }
}
