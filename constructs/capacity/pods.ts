import { topicsOf } from '../../app/ingestion/topics.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { figure, shown, up } from './figure.ts';
import type { Bounds, Figure, Load, TrainingPlan, WorkloadPlan } from './plan.ts';
import measured from './service-times.json' with { type: 'json' };
import { type Traffic, trafficOf } from './traffic.ts';

/** A zone of three may be lost at the peak: what is left still carries it. */
export const HEADROOM = 1.5;
/** Node runs a workload's own code on one thread, so a pod is never given more than one core. */
const CORE = 1_000;
const FEWEST = 100;
const STEP = 50;
/** Room above the measured memory: garbage before it is collected, and larger models. */
const MEMORY_ROOM = 1.5;
/** What the lake's engine adds to the monitor while it compares: 200 answers over 200,000 events, the most of six rounds. */
const COMPARING_MIB = 110;
/** A topic of a sink is committed at most this often a second. */
const COMMITS = 2;
/** What reads a whole release before it promotes one holds what serving does. */
const CHECKS_RELEASES = 'decide';
/** What each interaction costs the trainer: its row while it is read (104 B), its columns (29 B), both sparse matrices (24 B). */
const INTERACTION_BYTES = 160;
const TRAINER_BASE_MIB = 1_024;
/** Most of what the largest node of a pool can give one pod. */
const LARGEST_POD_MIB = 200 * 1_024;
/** One worker thread for each so many interactions, and the main one. */
const INTERACTIONS_PER_CORE = 20_000_000;
const MOST_TRAINING_CORES = 16;

export interface Pods {
  readonly traffic: Traffic;
  readonly servingCapacity: Figure<'requests/s'>;
  readonly partitions: Readonly<Record<string, Figure<'partitions'>>>;
  readonly workloads: Readonly<Record<string, WorkloadPlan>>;
  readonly training: TrainingPlan;
}

/** Processor time that a workload needs in a second, and how that comes about. */
interface Work {
  readonly ms: number;
  readonly because: string;
}

/** Pods of every workload of a use case, and the partitions they need to work side by side. */
export function podsOf(usecase: UseCase, load: Load, bounds: Bounds): Pods {
  const traffic = trafficOf(usecase, load);
  const declared = workloadsOf(usecase);
  const follows = declared.filter(({ kind, single }) => kind === 'consumer' && single !== true);
  const side = Math.max(1, ...follows.map((one) => replicasFor(workOf(one, usecase, traffic, 'peak').ms)));
  const fewest = bounds.highAvailability ? 3 : 1;
  const partitions = Object.fromEntries(
    topicsOf(usecase).map(({ name, partitions: defined }) => {
      if (name.endsWith('.dead')) return [name, figure(1, 'partitions', 'dead letters keep one order')] as const;
      const value = Math.max(defined, side, fewest);
      const because = `the most of ${defined} (definition), ${side} (replicas of its busiest consumer) and ${fewest} (${bounds.highAvailability ? 'a zone each' : 'one'})`;
      return [name, figure(value, 'partitions', because)] as const;
    }),
  );
  const training = trainingOf(usecase, traffic);
  const workloads = Object.fromEntries(
    declared.map((one) => {
      if (one.kind === 'service' || one.kind === 'consumer')
        return [one.name, standing(one, usecase, traffic, bounds, partitions)];
      return [one.name, passing(one, training)];
    }),
  );
  const answers = workloads['serving'];
  const capacity = ((answers?.replicas.max.value ?? 0) * (answers?.cpu.value ?? 0)) / measured.cpuMs.servingRequest;
  const servingCapacity = figure(
    capacity,
    'requests/s',
    `${answers?.replicas.max.value} replicas × ${answers?.cpu.value} millicores, ${measured.cpuMs.servingRequest} ms each (measured)`,
  );
  return { traffic, servingCapacity, partitions, workloads, training };
}

/** What a second of the average or the busiest time costs one workload. */
function workOf(one: WorkloadDeclaration, usecase: UseCase, traffic: Traffic, when: 'average' | 'peak'): Work {
  const events = when === 'peak' ? traffic.peakEvents.value : traffic.averageEvents;
  const requests = when === 'peak' ? traffic.peakRequests.value : traffic.averageRequests;
  const { cpuMs } = measured;
  const times = (rate: number, what: string, ms: number): Work => ({
    ms: rate * ms,
    because: `${shown(rate)} ${what} a second × ${ms} ms (measured)`,
  });
  switch (one.name) {
    case 'collector':
      return times(events, 'events', cpuMs.collectorEvent);
    case 'serving':
      return times(requests, 'requests', cpuMs.servingRequest);
    case 'materializer': {
      const views = usecase.views.filter(({ kind }) => kind === 'windowed').length;
      return times(events * views, `rows of ${views} view${views === 1 ? '' : 's'}`, cpuMs.materializerRow);
    }
    case 'sink': {
      const commits = Math.min(COMMITS, Math.max(events, requests)) * (one.consumes?.length ?? 1);
      const rows = times(events + requests, 'rows', cpuMs.sinkRow);
      const kept = `${shown(commits)} commits × ${cpuMs.sinkCommit} ms (measured)`;
      return { ms: rows.ms + commits * cpuMs.sinkCommit, because: `${rows.because} and ${kept}` };
    }
    default:
      // Whatever else follows topics reads each record once, as the monitor does.
      return times(events + requests, 'records', cpuMs.monitorRow);
  }
}

const replicasFor = (msPerSecond: number): number => Math.max(1, Math.ceil((msPerSecond * HEADROOM) / CORE - 1e-9));

/** A service or a consumer: always there, more of them at the peak. */
function standing(
  one: WorkloadDeclaration,
  usecase: UseCase,
  traffic: Traffic,
  bounds: Bounds,
  partitions: Pods['partitions'],
): WorkloadPlan {
  const peak = workOf(one, usecase, traffic, 'peak');
  const usual = workOf(one, usecase, traffic, 'average');
  const cpu = figure(
    Math.min(CORE, Math.max(FEWEST, up(peak.ms * HEADROOM, STEP))),
    'millicores',
    `${peak.because} × ${HEADROOM} headroom, from ${FEWEST} to ${CORE} (one thread)`,
  );
  const memory = memoryOf(one);
  if (one.single === true) return { cpu, memory, replicas: alone(peak.ms, usual.ms) };
  const always = one.kind === 'service' ? (bounds.highAvailability ? 3 : 2) : bounds.highAvailability ? 2 : 1;
  const most = Math.min(
    Number.POSITIVE_INFINITY,
    ...(one.consumes ?? []).map(({ topic }) => partitions[topic]?.value ?? Number.POSITIVE_INFINITY),
  );
  const min = Math.min(most, Math.max(always, replicasFor(usual.ms)));
  // A service may double for a peak that nobody planned; a consumer's backlog waits in the log.
  const room = one.kind === 'service' ? 2 * always : always;
  const max = Math.min(most, Math.max(room, replicasFor(peak.ms)));
  const reason =
    one.kind === 'service' && bounds.highAvailability ? 'one in each zone' : always > 1 ? 'one may be lost' : 'one is enough';
  const limit = Number.isFinite(most) ? `; never above ${most} partitions` : '';
  return {
    cpu,
    memory,
    replicas: {
      min: figure(
        min,
        'replicas',
        `${usual.because} × ${HEADROOM} headroom on one core each; at least ${always} (${reason})${limit}`,
      ),
      max: figure(
        max,
        'replicas',
        `${peak.because} × ${HEADROOM} headroom on one core each; at least ${always} (${reason})${limit}`,
      ),
    },
  };
}

/** One, whatever the load: what it cannot do at once waits in the log, and the plan says so. */
function alone(peakMs: number, usualMs: number): WorkloadPlan['replicas'] {
  const late =
    usualMs > CORE
      ? '; more than one core does: it falls behind, and what it says is late'
      : peakMs > CORE
        ? '; more than one core does at the peak: it falls behind then and catches up after'
        : '';
  const one = figure(1, 'replicas', `two at a time would each judge the whole${late}`);
  return { min: one, max: one };
}

function memoryOf({ name }: WorkloadDeclaration): Figure<'MiB'> {
  const known: Readonly<Record<string, number>> = measured.memoryMiB;
  const resident = known[name === CHECKS_RELEASES ? 'serving' : name] ?? measured.memoryMiB.sink;
  const [more, because] = name === 'monitor' ? [COMPARING_MIB, ` and ${COMPARING_MIB} MiB to compare with the lake`] : [0, ''];
  const value = up((resident + more) * MEMORY_ROOM, 64);
  return figure(value, 'MiB', `${resident} MiB resident (measured)${because} × ${MEMORY_ROOM}, in steps of 64`);
}

/** A schedule or a job: one at a time, gone when done. */
function passing(one: WorkloadDeclaration, training: TrainingPlan): WorkloadPlan {
  const single = figure(1, 'replicas', 'one at a time, and gone when it is done');
  const replicas = { min: figure(0, 'replicas', 'it only runs when its time has come'), max: single };
  if (one.name === 'retrain') return { cpu: training.cpu, memory: training.memory, replicas };
  // The gate trains again what it must reproduce, on the same rows.
  if (one.layer === 'delivery' && one.byPerson !== true) {
    const because = 'it fits what it judges anew to prove that it can be reproduced: as much as training';
    return { cpu: { ...training.cpu, because }, memory: { ...training.memory, because }, replicas };
  }
  return { cpu: figure(CORE / 2, 'millicores', 'it may take its time'), memory: memoryOf(one), replicas };
}

function trainingOf(usecase: UseCase, { eventsHeld }: Traffic): TrainingPlan {
  const { trainer } = usecase.model;
  const wanted = up(TRAINER_BASE_MIB + (eventsHeld * INTERACTION_BYTES) / 2 ** 20, 256);
  const memory = Math.min(LARGEST_POD_MIB, wanted);
  const cores = Math.min(MOST_TRAINING_CORES, 1 + Math.ceil(eventsHeld / INTERACTIONS_PER_CORE));
  const held = `${shown(eventsHeld)} interactions after ${usecase.retention}`;
  const cut = wanted > memory ? `; ${shown(wanted)} MiB are wanted, more than a node has: train on a shorter retention` : '';
  const gpu = trainer.accelerator === 'gpu' ? 1 : 0;
  return {
    cpu: figure(
      cores * CORE,
      'millicores',
      `one core and one more for each ${shown(INTERACTIONS_PER_CORE)} of ${held}, at most ${MOST_TRAINING_CORES} (assumed)`,
    ),
    memory: figure(memory, 'MiB', `${shown(TRAINER_BASE_MIB)} MiB and ${INTERACTION_BYTES} B for each of ${held}${cut}`),
    gpu: figure(
      gpu,
      'GPUs',
      gpu === 1 ? `the trainer ${trainer.name} asks for one` : `the trainer ${trainer.name} runs on processors`,
    ),
  };
}
