import { availableParallelism, cpus, loadavg } from 'node:os';

/** The line that every benchmark begins with: what it ran on, and how busy that was. */
export const machineLine = (): string =>
  `${availableParallelism()} cores (${cpus()[0]?.model}), load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}, node ${process.version}`;
