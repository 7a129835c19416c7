import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { MillraceError } from '../../app/errors.ts';
import { topicsOf } from '../../app/ingestion/topics.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import measured from '../../constructs/capacity/service-times.json' with { type: 'json' };
import { type Bounds, type CapacityPlan, DEFAULT_LOAD, type Figure, type Load, planCapacity } from '../../constructs/capacity.ts';

const HEADROOM = 1.5;
/** A second use case beside the first, with one partition in its definition and a trainer that asks for an accelerator. */
const small: UseCase = {
  ...retail,
  name: 'small',
  sources: [{ kind: 'stream', into: 'click', partitions: 1 }],
  model: { ...retail.model, name: 'small-model', trainer: { ...retail.model.trainer, accelerator: 'gpu' } },
};
const USECASES = [retail, small];

const loads: Arbitrary<Load> = fc.record({
  // Loads of every size, not mostly the largest.
  dailyUsers: fc.double({ min: 0, max: 8, noNaN: true }).map((power) => Math.round(10 ** power)),
  eventsPerUser: fc.double({ min: 0.01, max: 500, noNaN: true }),
  peakFactor: fc.double({ min: 1, max: 50, noNaN: true }),
  retentionDays: fc.integer({ min: 1, max: 400 }),
});
const bounds: Arbitrary<Bounds> = fc.record({
  highAvailability: fc.boolean(),
  target: fc.constantFrom<('kubernetes' | 'aws')[]>('kubernetes', 'aws'),
});

/** Every figure of a plan by its path. */
function figures(value: unknown, path = ''): readonly (readonly [string, number])[] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  if ('because' in value && 'value' in value) return [[path, (value as Figure).value]];
  return Object.entries(value).flatMap(([name, inner]) => figures(inner, `${path}.${name}`));
}

test('more of any dial never means less of anything', () => {
  const dials = fc.constantFrom<(keyof Load)[]>('dailyUsers', 'eventsPerUser', 'peakFactor', 'retentionDays');
  fc.assert(
    fc.property(loads, bounds, dials, fc.double({ min: 1, max: 20, noNaN: true }), (load, bound, dial, times) => {
      const more = {
        ...load,
        [dial]: Math.min(
          { retentionDays: 3_650, peakFactor: 1_000, dailyUsers: 1e9, eventsPerUser: 1e5 }[dial],
          dial === 'dailyUsers' || dial === 'retentionDays' ? Math.ceil(load[dial] * times) : load[dial] * times,
        ),
      };
      const [less, after] = [load, more].map(({ ...dialled }) =>
        figures({ ...planCapacity(USECASES, dialled, bound), load: {} }),
      );
      assert.equal(less?.length, after?.length);
      for (const [index, [path, value]] of (less ?? []).entries()) {
        const [same, larger] = after?.[index] ?? ['', Number.NaN];
        assert.equal(path, same);
        assert.ok(larger >= value, `${path}: ${value} became ${larger} when ${dial} went from ${load[dial]} to ${more[dial]}`);
      }
    }),
    { numRuns: 150 },
  );
});

test('a second use case never means less of anything', () => {
  fc.assert(
    fc.property(loads, bounds, (load, bound) => {
      const both = new Map(figures(planCapacity(USECASES, load, bound)));
      for (const [path, value] of figures(planCapacity([retail], load, bound)))
        assert.ok((both.get(path) ?? -1) >= value, `${path}: ${value} became ${both.get(path)}`);
    }),
    { numRuns: 50 },
  );
});

test('a highly available plan survives the loss of a zone, however small its load', () => {
  fc.assert(
    fc.property(loads, fc.constantFrom<('kubernetes' | 'aws')[]>('kubernetes', 'aws'), (load, target) => {
      const { platform, usecases } = planCapacity(USECASES, load, { highAvailability: true, target });
      assert.ok(platform.kafka.brokers.value >= 3);
      assert.ok(platform.kafka.controllers.value >= 3);
      assert.deepEqual([platform.kafka.replication.value, platform.kafka.minInSync.value], [3, 2]);
      assert.equal(platform.zones.value, 3);
      assert.ok(platform.valkey.replicas.value >= 2);
      assert.ok(platform.postgres.instances.value >= 2);
      assert.ok(platform.registry.replicas.min.value >= 2);
      assert.ok(platform.nodes.cpu.min.value >= 3);
      for (const usecase of USECASES)
        for (const { name, kind, single } of workloadsOf(usecase)) {
          const fewest = single === true ? 1 : { service: 3, consumer: 2, schedule: 0, job: 0 }[kind];
          const min = usecases[usecase.name]?.workloads[name]?.replicas.min.value ?? -1;
          assert.ok(min >= fewest, `${usecase.name} ${name} has ${min} replicas at least`);
        }
    }),
    { numRuns: 50 },
  );
});

test('serving answers its peak with headroom, and nothing is asked of one pod that one thread cannot do', () => {
  fc.assert(
    fc.property(loads, bounds, (load, bound) => {
      for (const { peakRequests, servingCapacity, workloads } of Object.values(planCapacity(USECASES, load, bound).usecases)) {
        assert.ok(
          servingCapacity.value >= peakRequests.value * HEADROOM * (1 - 1e-9),
          `${servingCapacity.value} < ${peakRequests.value}`,
        );
        const serving = workloads['serving'];
        const { value: pods } = serving?.replicas.max ?? { value: 0 };
        const askedMs = (peakRequests.value * HEADROOM * measured.cpuMs.servingRequest) / pods;
        assert.ok(askedMs <= 1_000 * (1 + 1e-9), `${pods} pods would each work ${askedMs} ms in a second`);
        assert.ok(askedMs <= (serving?.cpu.value ?? 0) * (1 + 1e-9), 'a pod is given less than it needs at the peak');
      }
    }),
    { numRuns: 100 },
  );
});

test('consumers are never more than the partitions they share, and partitions never fewer than the definition says', () => {
  fc.assert(
    fc.property(loads, bounds, (load, bound) => {
      const plan = planCapacity(USECASES, load, bound);
      for (const usecase of USECASES) {
        const { partitions, workloads } = plan.usecases[usecase.name] as CapacityPlan['usecases'][string];
        assert.deepEqual(
          Object.keys(partitions).sort(),
          topicsOf(usecase)
            .map(({ name }) => name)
            .sort(),
        );
        for (const topic of topicsOf(usecase)) assert.ok((partitions[topic.name]?.value ?? 0) >= topic.partitions, topic.name);
        for (const { name, consumes } of workloadsOf(usecase)) {
          const { min, max } = workloads[name]?.replicas ?? assert.fail(`no plan of ${name}`);
          assert.ok(min.value <= max.value, name);
          for (const { topic } of consumes ?? [])
            assert.ok(
              max.value <= (partitions[topic]?.value ?? 0),
              `${max.value} ${name} share ${partitions[topic]?.value} of ${topic}`,
            );
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('consumers at their most keep up with the peak', () => {
  const { cpuMs } = measured;
  fc.assert(
    fc.property(loads, bounds, (load, bound) => {
      for (const { peakEvents, peakRequests, workloads } of Object.values(planCapacity(USECASES, load, bound).usecases)) {
        const rows = peakEvents.value + peakRequests.value;
        for (const [name, ms] of Object.entries({
          sink: rows * cpuMs.sinkRow,
          materializer: peakEvents.value * cpuMs.materializerRow,
        })) {
          const pods = workloads[name]?.replicas.max.value ?? 0;
          assert.ok(pods * 1_000 >= ms * HEADROOM * (1 - 1e-9), `${pods} ${name} do ${ms} ms of work a second`);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('the monitor is one, whatever the load, and the plan says where one is not enough', () => {
  const late: boolean[] = [];
  fc.assert(
    fc.property(loads, bounds, (load, bound) => {
      for (const { peakEvents, peakRequests, workloads } of Object.values(planCapacity(USECASES, load, bound).usecases)) {
        const { min, max } = workloads['monitor']?.replicas ?? assert.fail('no plan of the monitor');
        assert.deepEqual([min.value, max.value], [1, 1]);
        const more = (peakEvents.value + peakRequests.value) * measured.cpuMs.monitorRow > 1_000;
        assert.equal(/falls behind/.test(max.because), more, max.because);
        late.push(more);
      }
    }),
    { numRuns: 100 },
  );
  assert.deepEqual([late.includes(true), late.includes(false)], [true, true]);
});

test('the brokers together have room for every copy of every kept day', () => {
  fc.assert(
    fc.property(loads, bounds, (load, bound) => {
      const { platform, usecases } = planCapacity(USECASES, load, bound);
      const { brokers, replication, storagePerBroker } = platform.kafka;
      const days = Object.values(usecases).reduce((sum, { logGrowth }) => sum + logGrowth.value, 0) * load.retentionDays;
      assert.ok(brokers.value * storagePerBroker.value >= days * replication.value * (1 - 1e-9));
    }),
    { numRuns: 100 },
  );
});

test('an accelerator comes from zero, and only where a trainer asks for one', () => {
  const bound: Bounds = { highAvailability: true, target: 'aws' };
  const nodes = (usecases: readonly UseCase[]) => planCapacity(usecases, DEFAULT_LOAD, bound).platform.nodes.gpu;
  assert.deepEqual([nodes([retail]).min.value, nodes([retail]).max.value], [0, 0]);
  assert.deepEqual([nodes(USECASES).min.value, nodes(USECASES).max.value], [0, 1]);
});

test('every figure says why, in words with numbers or none to give', () => {
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('because' in value) assert.ok(String(value.because).length > 10, `${path} gives no reason`);
    for (const [name, inner] of Object.entries(value)) walk(inner, `${path}.${name}`);
  };
  walk(planCapacity(USECASES, DEFAULT_LOAD, { highAvailability: true, target: 'kubernetes' }), 'plan');
});

test('a load out of bounds is refused, every dial at fault at once', () => {
  const wrong = { dailyUsers: 1.5, eventsPerUser: Number.NaN, peakFactor: 0.5, retentionDays: 7 };
  assert.throws(
    () => planCapacity([retail], wrong, { highAvailability: false, target: 'aws' }),
    (error: unknown) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, 'MR_CAPACITY_LOAD_INVALID');
      assert.equal(error.field, 'dailyUsers, eventsPerUser, peakFactor');
      assert.match(error.message, /dailyUsers is 1\.5, expected a whole number from 1 to 1000000000/);
      assert.match(error.message, /eventsPerUser is NaN/);
      return true;
    },
  );
});

test('the service times are measured: each is above zero and names its machine and versions', () => {
  for (const [name, ms] of Object.entries(measured.cpuMs)) assert.ok(ms > 0 && ms < 1_000, `${name} is ${ms} ms`);
  assert.ok(measured.machine.cores >= 1 && measured.machine.loadBefore.length === 3);
  assert.match(measured.versions.node, /^v\d+\./);
});
