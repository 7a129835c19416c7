/** What a service can run on, smallest first. */
export interface Size {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryGiB: number;
}

/** Brokers of MSK. */
export const BROKERS: readonly Size[] = [
  { name: 'kafka.m7g.large', vcpus: 2, memoryGiB: 8 },
  { name: 'kafka.m7g.xlarge', vcpus: 4, memoryGiB: 16 },
  { name: 'kafka.m7g.2xlarge', vcpus: 8, memoryGiB: 32 },
  { name: 'kafka.m7g.4xlarge', vcpus: 16, memoryGiB: 64 },
  { name: 'kafka.m7g.8xlarge', vcpus: 32, memoryGiB: 128 },
  { name: 'kafka.m7g.12xlarge', vcpus: 48, memoryGiB: 192 },
  { name: 'kafka.m7g.16xlarge', vcpus: 64, memoryGiB: 256 },
];

/** Nodes of ElastiCache, with the memory that Valkey gets of them. */
export const STORE_NODES: readonly Size[] = [
  { name: 'cache.t4g.small', vcpus: 2, memoryGiB: 1.37 },
  { name: 'cache.t4g.medium', vcpus: 2, memoryGiB: 3.09 },
  { name: 'cache.r7g.large', vcpus: 2, memoryGiB: 13.07 },
  { name: 'cache.r7g.xlarge', vcpus: 4, memoryGiB: 26.32 },
  { name: 'cache.r7g.2xlarge', vcpus: 8, memoryGiB: 52.82 },
  { name: 'cache.r7g.4xlarge', vcpus: 16, memoryGiB: 105.81 },
  { name: 'cache.r7g.8xlarge', vcpus: 32, memoryGiB: 209.55 },
  { name: 'cache.r7g.12xlarge', vcpus: 48, memoryGiB: 317.77 },
  { name: 'cache.r7g.16xlarge', vcpus: 64, memoryGiB: 419.09 },
];

/** Instances of RDS. */
export const DATABASES: readonly Size[] = [
  { name: 'db.t4g.medium', vcpus: 2, memoryGiB: 4 },
  { name: 'db.m7g.large', vcpus: 2, memoryGiB: 8 },
  { name: 'db.m7g.xlarge', vcpus: 4, memoryGiB: 16 },
  { name: 'db.m7g.2xlarge', vcpus: 8, memoryGiB: 32 },
  { name: 'db.m7g.4xlarge', vcpus: 16, memoryGiB: 64 },
  { name: 'db.m7g.8xlarge', vcpus: 32, memoryGiB: 128 },
  { name: 'db.m7g.12xlarge', vcpus: 48, memoryGiB: 192 },
  { name: 'db.m7g.16xlarge', vcpus: 64, memoryGiB: 256 },
];

/** The smallest that has as much of both; undefined where none has. */
export const smallest = (
  sizes: readonly Size[],
  need: { readonly vcpus: number; readonly memoryGiB: number },
): Size | undefined => sizes.find(({ vcpus, memoryGiB }) => vcpus >= need.vcpus && memoryGiB >= need.memoryGiB);
