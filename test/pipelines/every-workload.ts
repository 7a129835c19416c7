import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { canonicalJson } from '../../app/canonical.ts';
import { type Clock, DAY } from '../../app/clock/port.ts';
import { catalogueTable } from '../../app/lake/event-table.ts';
import { registryWorkload } from '../../app/platform-workloads.ts';
import { openRegistry } from '../../app/registry/registry.ts';
import type { Ports, Runtime } from '../../app/runtime.ts';
import { tokenName } from '../../app/serving/access.ts';
import { ASKING } from '../../app/serving/kinds.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import type { CommandContext } from '../../bin/command.ts';
import { PROBES } from '../../constructs/cluster/workload.ts';
import { askingOf } from '../../pipelines/loop/asking.ts';
import { startCollecting } from '../../pipelines/workloads/collector.ts';
import { startStreaming } from '../../pipelines/workloads/materializer.ts';
import { startWatching } from '../../pipelines/workloads/monitor.ts';
import { startRegistry } from '../../pipelines/workloads/registry.ts';
import type { RunningWorkload, WorkloadOptions } from '../../pipelines/workloads/running.ts';
import { startAnswering } from '../../pipelines/workloads/serving.ts';
import { startSinking } from '../../pipelines/workloads/sink.ts';
import { call, until } from './asked-workload.ts';
import type { WorkloadGround } from './ground.ts';
import { type Recorded, recordedRuntime } from './recorded-runtime.ts';
import type { Tried } from './tried-usecases.ts';

/** All declared workloads of one use case, run over one ground. */
export interface EveryWorkload {
  /** By name. */
  readonly declared: ReadonlyMap<string, WorkloadDeclaration>;
  /** What each of them did, by name. */
  readonly seen: ReadonlyMap<string, Recorded>;
  /** Runs every workload, in the order that a platform's first days would. */
  runAll(ground: WorkloadGround): Promise<void>;
}

interface Run {
  readonly replace?: Partial<Ports>;
  readonly clock?: Clock;
  readonly words?: readonly string[];
}

export function everyWorkload(usecase: Tried): EveryWorkload {
  const declared = new Map([...workloadsOf(usecase), registryWorkload].map((one) => [one.name, one]));
  const seen = new Map<string, Recorded>();
  const model = usecase.model.name;
  const { simulation } = usecase;
  const asking = askingOf(usecase);
  let ground: WorkloadGround;
  let firstDay = 0;

  /** A runtime that notes what the named workload does; several runs of one add up. */
  function runtimeOf(name: string, replace: Partial<Ports> = {}): Runtime {
    const { runtime, recorded } = recordedRuntime(usecase, ground.as(name), replace);
    const known = seen.get(name) ?? recorded;
    seen.set(name, known);
    if (known === recorded) return runtime;
    for (const kind of ['reads', 'writes', 'deletes', 'looked'] as const) {
      const add = recorded[kind].add;
      recorded[kind].add = (value) => {
        known[kind].add(value);
        return add.call(recorded[kind], value);
      };
    }
    return runtime;
  }

  async function during(
    name: string,
    start: (options: WorkloadOptions) => Promise<RunningWorkload>,
    act: (running: RunningWorkload) => Promise<void>,
  ): Promise<void> {
    const running = await start({ runtime: runtimeOf(name), usecase, port: 0, host: '127.0.0.1' });
    try {
      for (const path of [PROBES.alive, '/metrics', PROBES.ready, PROBES.started]) {
        const answers = async () => (await fetch(`${running.url}${path}`)).ok;
        await until(answers).catch((cause: unknown) => assert.fail(`${name} never answers ${path}: ${String(cause)}`));
      }
      await act(running);
    } finally {
      await running.close();
    }
  }

  /** Runs a job by its declared command, with the words that a person adds. */
  async function job(name: string, { replace = {}, clock, words: added = [] }: Run = {}): Promise<void> {
    const [layer = '', ...words] = [...(declared.get(name)?.command ?? []), ...added];
    const runtime = { ...runtimeOf(name, replace), ...(clock !== undefined && { clock }) };
    const context: CommandContext = {
      options: () => ({ data: ground.dir, usecase: usecase.name }),
      open: async () => runtime,
      usecase: async () => usecase,
      answer: () => undefined,
    };
    const program = new Command().option('--json').exitOverride();
    const module = (await import(`../../bin/commands/${layer}.ts`)) as Readonly<
      Record<string, (program: Command, context: CommandContext) => void>
    >;
    module[`${layer}Commands`]?.(program, context);
    await program.parseAsync([layer, ...words], { from: 'user' });
    // A refused release is an answer too; what it read is what counts here.
    process.exitCode = 0;
  }

  /** Until its group stands at the end of all that it follows: its share of the partitions comes to it a while after it began. */
  const caughtUp = (name: string) =>
    until(async () => {
      const log = await ground.as(name).use('log');
      for (const { topic, group } of declared.get(name)?.consumes ?? []) {
        const [ends, told] = [await log.endOffsets(topic), await log.committed(group, topic)];
        if (ends.some((end, partition) => (told[partition] ?? 0) < end)) return false;
      }
      return true;
    });

  const secret = async (workload: string, name: string) => (await ground.as(workload).use('keys')).secret(name);

  async function collect(from: number, to: number): Promise<void> {
    const token = await secret('collector', 'collector-token');
    await during('collector', startCollecting, async (running) => {
      assert.equal((await call(running, '/v1/events', 'nobody', {})).http, 401);
      const all = [...simulation.events({ from, to, changes: [] })];
      for (const [event, own] of Map.groupBy(all, (one) => one.event)) {
        for (let at = 0; at < own.length; at += 1000) {
          const events = own.slice(at, at + 1000).map(({ wire }) => wire);
          assert.equal((await call(running, '/v1/events', token, { event, events })).http, 202);
        }
      }
    });
  }

  /** Makes the newest version champion, past the gate's judgement: whether it is good is not asked here. */
  async function promoteNewest(): Promise<void> {
    const gate = ground.as('gate');
    const keys = await gate.use('keys');
    const registry = openRegistry({
      metadata: await gate.use('metadata'),
      keys,
      objects: await gate.use('objects'),
      audit: await gate.use('audit'),
      clock: gate.clock,
    });
    const [newest] = await registry.list(model);
    assert.ok(newest !== undefined);
    const { version, unitId } = newest;
    const evidence = canonicalJson({ kind: 'verdict', model, version, unitId, verdict: 'passed', approval: 'local' });
    await registry.recordVerdict('gate', { evidence, signature: await keys.sign(Buffer.from(evidence), 'gate') });
    await job('decide', { words: ['approve', String(version)] });
    await job('decide', { words: ['promote', String(version), '--as', 'test', '--reason', 'a test'] });
  }

  /** A person who has come by often is erased, by the file that their id is handed over in. */
  async function eraseSomebody(): Promise<void> {
    const [visit] = simulation.events({ from: firstDay, to: ground.owner.clock.now(), changes: [] });
    const keys = await ground.as('erase').use('keys');
    const { subject = '' } = visit ?? {};
    const pseudonym = (await keys.known(subject))?.pseudonym ?? assert.fail('nobody is known by that id');
    const file = join(ground.dir, 'subject');
    await writeFile(file, `${subject}\n`);
    await job('erase', { words: ['--subject-file', file] });
    assert.ok((await keys.erased()).has(pseudonym));
  }

  /** Asks about as many different subjects; resolves to the last answer's id. */
  async function askMany(running: RunningWorkload, count: number): Promise<string> {
    const token = await secret('serving', tokenName(ASKING[usecase.kind]));
    const asks = [...simulation.events({ from: firstDay, to: firstDay + DAY / 2, changes: [] })].filter(({ asks }) => asks);
    const bySubject = new Map(asks.map((visit) => [visit.subject, visit]));
    assert.ok(bySubject.size >= count);
    let last = '';
    for (const visit of [...bySubject.values()].slice(0, count)) {
      const { route, body } = asking.question(visit);
      const answer = await call(running, route, token, body);
      assert.equal(answer['http'], 200, JSON.stringify(answer));
      last = String(answer['requestId']);
    }
    return last;
  }

  async function runAll(on: WorkloadGround): Promise<void> {
    ground = on;
    const now = ground.owner.clock.now();
    firstDay = now - simulation.historyDays * DAY;
    const between = now - (simulation.historyDays * DAY) / 3;
    const lake = await ground.owner.use('lake');
    for (const table of usecase.tables) await lake.ensureTable(catalogueTable(usecase, table));

    await collect(firstDay, between);
    await during('serving', startAnswering, async (running) => {
      await askMany(running, 1);
    });
    await during('sink', startSinking, () => caughtUp('sink'));
    await during('materializer', startStreaming, () => caughtUp('materializer'));
    const empty = await ground.emptyOnline();
    await job('backfill', { replace: { online: empty } });
    await empty.close();
    await job('retrain');
    await job('gate');
    await promoteNewest();
    await collect(between, now);
    await during('sink', startSinking, () => caughtUp('sink'));
    await job('retrain');
    await job('gate');
    let request = '';
    await during('serving', startAnswering, async (running) => {
      await until(async () => (await fetch(`${running.url}/readyz`)).ok);
      request = await askMany(running, 25);
    });
    await during('sink', startSinking, () => caughtUp('sink'));
    await during('serving', startAnswering, async (running) => {
      const token = await secret('serving', tokenName('explain'));
      const explained = await call(running, `/v1/explain/${request}`, token);
      assert.equal(explained['status'], 'explained');
    });
    // The first champion's vectors leave the online store once the second answers.
    await during('serving', startAnswering, async (running) => {
      await until(async () => (await fetch(`${running.url}/readyz`)).ok);
      await promoteNewest();
      await until(
        async () => seen.get('serving')?.looked !== undefined && (await running.metrics.metrics()).includes('version="2"'),
      );
    });
    await during('monitor', startWatching, () => caughtUp('monitor'));
    for (const name of ['robustness', 'retrain-on-drift', 'compact', 'vacuum']) await job(name);
    // What a training leaves that dies before it registers its release, met by the sweep of two days later.
    const left = `releases/${model}/abandoned/model.onnx`;
    await (await ground.owner.use('objects')).put(left, Buffer.from('half a model'));
    await job('sweep', { clock: { now: () => ground.owner.clock.now() + 2 * DAY } });
    const start = (options: WorkloadOptions) => startRegistry({ ...options, models: [model] });
    await job('decide', { words: ['rollback'] });
    await eraseSomebody();
    await during('registry', start, async (running) => {
      const token = await secret('registry', 'registry-token');
      assert.ok('models' in (await call(running, '/v1/snapshot', token)));
    });
  }

  return { declared, seen, runAll };
}
