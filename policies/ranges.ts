/** First address and prefix length of an IPv4 range; undefined for any other text. */
export function rangeOf(cidr: unknown): { readonly first: number; readonly prefix: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(String(cidr));
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  return { first: ((a * 256 + b) * 256 + c) * 256 + d, prefix };
}

/** Of a node itself: EKS's agent that gives pods their identity. Its neighbour that gives out the node's own is none of them. */
const IDENTITY_AGENT = '169.254.170.23/32';
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', IDENTITY_AGENT];

/** Whether one range lies within another. */
export function within(cidr: unknown, outer: string): boolean {
  const [inner, around] = [rangeOf(cidr), rangeOf(outer)];
  if (inner === undefined || around === undefined || inner.prefix < around.prefix) return false;
  const size = 2 ** (32 - around.prefix);
  return Math.floor(inner.first / size) === Math.floor(around.first / size);
}

/** Addresses that no one on the internet has (RFC 1918, RFC 6598, and the node's own agent). */
export const isPrivate = (cidr: unknown): boolean => PRIVATE.some((outer) => within(cidr, outer));
