import { POOL } from '../../app/usecases/annotations.ts';
import type { Dials } from '../dials.ts';

/**
 * The label by which a pod finds the nodes of its pool. Nodes that others made carry no label of ours: there a request for GPUs
 * leads to the nodes that have some, and their taint keeps every other pod off.
 */
export const nodeSelector = (nodes: Dials['providers']['nodes'], pool: 'cpu' | 'gpu'): Record<string, string> | undefined =>
  nodes === 'existing' ? undefined : { [POOL]: pool };
