const FACTOR: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** The number that a quantity of Kubernetes stands for, e.g. `500m` or `2Gi`; undefined for any other text. */
export function amountOf(quantity: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(String(quantity ?? ''));
  const factor = FACTOR[match?.[2] ?? '?'];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}

/** For people: bytes in GiB, others as they are. */
export const shownAmount = (resource: string, amount: number): string =>
  /memory|storage/.test(resource) ? `${Math.ceil((amount / 2 ** 30) * 100) / 100}Gi` : String(Math.ceil(amount * 100) / 100);
