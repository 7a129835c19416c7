/** Address ranges of one zone. */
export interface ZoneRanges {
  /** Nodes and pods: a quarter of the network. */
  readonly nodes: string;
  /** NAT and load balancers: a sixty-fourth. */
  readonly edge: string;
  /** Stores, without a way out: a sixty-fourth. */
  readonly stores: string;
}

export const MAX_PREFIX = 20;
export const MIN_PREFIX = 16;
export const ZONES = 3;

/** Undefined where it is no IPv4 range, or its address has bits behind the prefix. */
export function parseRange(cidr: string): { readonly base: number; readonly prefix: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return undefined;
  const [octets, prefix] = [match.slice(1, 5).map(Number), Number(match[5])];
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return base % 2 ** (32 - prefix) === 0 ? { base, prefix } : undefined;
}

/** Of Services inside the cluster, apart from every network; the first address is the API server's. */
export const SERVICE_RANGE = '172.20.0.0/16';
export const API_ADDRESS = '172.20.0.1/32';

/** Whether two ranges share an address. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [parseRange(one), parseRange(other)];
  if (a === undefined || b === undefined) return false;
  const size = 2 ** (32 - Math.min(a.prefix, b.prefix));
  return Math.floor(a.base / size) === Math.floor(b.base / size);
}

/** Ranges of networks that the internet does not carry: RFC 1918, and RFC 6598 between carriers and their customers. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(parseRange);

/** Whether a range lies within a network that only a link of one's own leads to, e.g. a VPN. */
export function isPrivate(cidr: string): boolean {
  const range = parseRange(cidr);
  return (
    range !== undefined &&
    PRIVATE.some(
      (network) =>
        network !== undefined &&
        range.prefix >= network.prefix &&
        range.base >= network.base &&
        range.base < network.base + 2 ** (32 - network.prefix),
    )
  );
}

const text = (base: number, prefix: number): string =>
  `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${prefix}`;

/** Cuts a network of /16 to /20 into three zones: three quarters for nodes, and parts of the last for the edge and the stores. */
export function zoneRanges(cidr: string): readonly ZoneRanges[] {
  const network = parseRange(cidr);
  if (network === undefined) throw new RangeError(`${cidr} is no IPv4 range`);
  const { base, prefix } = network;
  const quarter = 2 ** (30 - prefix);
  const small = 2 ** (26 - prefix);
  return Array.from({ length: ZONES }, (_, zone) => ({
    nodes: text(base + zone * quarter, prefix + 2),
    edge: text(base + 3 * quarter + zone * small, prefix + 6),
    stores: text(base + 3 * quarter + (ZONES + zone) * small, prefix + 6),
  }));
}
