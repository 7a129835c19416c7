import type { Access, WorkloadDeclaration } from './workloads.ts';

const HTTP = 8080;
const METADATA: Access = { store: 'metadata' };
const KEYS: Access = { store: 'keys' };
const AUDIT: Access = { store: 'audit' };
const NODES: Access = { store: 'nodes' };

/** The registry of all use cases, read by people and by previews. */
export const registryWorkload: WorkloadDeclaration = {
  name: 'registry',
  layer: 'registry',
  kind: 'service',
  command: ['registry', 'serve'],
  port: HTTP,
  reads: [{ store: 'objects', prefix: 'releases/' }, METADATA, KEYS],
  writes: [],
};

/** What brings the registry's database to this version's layout and each of its users to its rights: the only run of its owner. */
export const layoutWorkload: WorkloadDeclaration = {
  name: 'registry-layout',
  layer: 'registry',
  kind: 'job',
  command: ['registry', 'migrate'],
  reads: [METADATA],
  writes: [METADATA],
};

/** What makes a use case's tables known to the warehouse that runs beside it: it asks the warehouse, and touches no store itself. */
export const tablesWorkload: WorkloadDeclaration = {
  name: 'warehouse-tables',
  layer: 'lake',
  kind: 'schedule',
  command: ['lake', 'register'],
  schedule: '35 * * * *',
  reads: [],
  writes: [],
};

/** What checks the log of acts each night, whole. */
export const auditWorkload: WorkloadDeclaration = {
  name: 'audit-check',
  layer: 'governance',
  kind: 'schedule',
  command: ['governance', 'audit', 'verify'],
  schedule: '10 4 * * *',
  reads: [AUDIT, KEYS],
  writes: [],
};

/** What takes the start-up taint off a GPU node whose device plugin has told of its GPUs. */
export const nodeReadinessWorkload: WorkloadDeclaration = {
  name: 'node-readiness',
  layer: 'training',
  kind: 'consumer',
  command: ['training', 'ready-nodes'],
  port: HTTP,
  reads: [NODES],
  writes: [NODES],
};
