import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Registry as Metrics } from 'prom-client';
import { MillraceError } from '../../app/errors.ts';
import { DEVICE_PLUGIN_TAINT, GPU } from '../../app/usecases/annotations.ts';
import type { ControlPlane, Operation } from './control-plane.ts';
import { openProbes } from './probes.ts';
import type { RunningWorkload, WorkloadOptions } from './running.ts';

export interface NodeReadinessOptions extends Omit<WorkloadOptions, 'usecase' | 'runtime'> {
  readonly runtime: Pick<WorkloadOptions['runtime'], 'logger'>;
  readonly controlPlane: ControlPlane;
  /** Milliseconds before it begins anew after the first failure in a row; each further one doubles it. @default 1000 */
  readonly pauseMs?: number;
}

interface Taint {
  readonly key: string;
}
/** A node, as far as it is read here. */
export interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly taints?: readonly Taint[] };
  readonly status?: { readonly allocatable?: Readonly<Record<string, string>> };
}
interface NodeList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly NodeObject[];
}
interface NodeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: NodeObject;
}

const NODES = '/api/v1/nodes';
/** The server ends a watch after this long, and all nodes are read anew: what was missed, for whatever reason, is seen then. */
const WATCH_SECONDS = 240;
const GRACE_SECONDS = 30;
const LONGEST_PAUSE_MS = 30_000;

/**
 * What takes the start-up taint off a node that has GPUs to give; undefined where it has none, or no such taint. Each removal
 * is of exactly the taint that was read: where another writer has changed the list meanwhile, nothing is removed.
 */
export function readied({ spec, status }: NodeObject): readonly Operation[] | undefined {
  if (!(Number(status?.allocatable?.[GPU]) > 0)) return undefined;
  const starting = [...(spec?.taints ?? []).entries()].filter(([, { key }]) => key === DEVICE_PLUGIN_TAINT);
  if (starting.length === 0) return undefined;
  // From the last: what was removed moves those behind it.
  return starting.reverse().flatMap(([index, value]): Operation[] => {
    const path = `/spec/taints/${index}`;
    return [
      { op: 'test', path, value },
      { op: 'remove', path },
    ];
  });
}

/** For this one node; a worn-out token, a flood and a silent server are about all of them. */
const isRefused = (error: unknown): boolean => error instanceof MillraceError && error.value === 403;

/**
 * Follows the cluster's nodes, and opens a GPU node to trainings once its device plugin has told of its GPUs. It changes nothing else,
 * and keeps nothing: two of them side by side do no harm.
 */
export async function startNodeReadiness(options: NodeReadinessOptions): Promise<RunningWorkload> {
  const { runtime, controlPlane, pauseMs = 1_000, port, host } = options;
  const { logger } = runtime;
  const metrics = new Metrics();
  const opened = new Counter({
    name: 'millrace_gpu_nodes_opened_total',
    help: 'GPU nodes whose start-up taint was taken away.',
    registers: [metrics],
  });
  const stop = new AbortController();
  let following = false;

  async function look(node: NodeObject): Promise<void> {
    const operations = readied(node);
    if (operations === undefined) return;
    const { name } = node.metadata;
    if (!(await controlPlane.patch(`${NODES}/${encodeURIComponent(name)}`, operations)))
      return logger.warn({ node: name }, 'the node is not as it was read, its next change is waited for');
    opened.inc();
    logger.info({ node: name, gpus: node.status?.allocatable?.[GPU] }, 'the device plugin runs, the start-up taint is gone');
  }

  /** One node whose change is refused keeps no other closed; the next listing tries it again. */
  const tryNode = (node: NodeObject): Promise<void> =>
    look(node).catch((err: unknown) => {
      if (!isRefused(err)) throw err;
      logger.error({ err, node: node.metadata.name }, 'a GPU node could not be opened');
    });

  async function follow(): Promise<void> {
    const { metadata, items } = await controlPlane.read<NodeList>(NODES);
    for (const node of items) await tryNode(node);
    following = true;
    const query = `watch=true&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=${WATCH_SECONDS}`;
    // A connection that died without a word is given up by this side.
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout((WATCH_SECONDS + GRACE_SECONDS) * 1_000)]);
    for await (const { type, object } of controlPlane.follow<NodeEvent>(`${NODES}?${query}`, signal)) {
      if (type === 'ADDED' || type === 'MODIFIED') await tryNode(object);
      // The server has forgotten the version that was asked for: all is read anew.
      if (type === 'ERROR') return;
    }
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; ) {
      const began = performance.now();
      try {
        await follow();
        failures = 0;
      } catch (err) {
        if (stop.signal.aborted) return;
        following = false;
        // One that held for a while is no failure in a row.
        failures = performance.now() - began > LONGEST_PAUSE_MS ? 1 : failures + 1;
        logger.warn({ err }, 'nodes cannot be followed, it is tried again');
      }
      const pause = Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** Math.max(0, failures - 1));
      await sleep(pause, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  const probes = openProbes({ port, host, logger, metrics, ready: async () => following });
  const url = await probes.listen();
  const running = run();
  return {
    url,
    metrics,
    async close() {
      stop.abort();
      await running;
      await probes.close();
      controlPlane.close();
    },
  };
}
