/**
 * Measures what one operation of each workload costs in processor time, and writes `constructs/capacity/service-times.json`,
 * from which capacity is planned. Each workload runs alone in a child; those who call it pay for themselves.
 *
 *     node bench/service-times.ts [--print]    --print writes nothing
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { click } from '../app/usecases/retail/events.ts';

type Answer = Readonly<Record<string, number>>;
interface Server {
  readonly url: string;
  readonly token: string;
  readonly users?: readonly string[];
}

const ROUNDS = 3;
const WARM = 600;
const CALLS = 4_000;
const AT_ONCE = 8;
/** Of the measured event; and what its lake row has beside them. */
const FIELDS = Object.keys(click.fields).length;
const ORIGIN_COLUMNS = 3;
const TARGET = join(import.meta.dirname, '../constructs/capacity/service-times.json');

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const round = (value: number, digits: number) => Number(value.toPrecision(digits));

async function message<T>(child: ChildProcess, key: string): Promise<T> {
  for (;;) {
    const [heard] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the measured process ended with ${code} before it said '${key}'`);
      }),
    ])) as [Readonly<Record<string, unknown>>];
    if (key in heard) return heard as T;
  }
}

async function calls(count: number, call: (n: number) => Promise<Response>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      const response = await call(next);
      const answer = (await response.json()) as { readonly fallback?: string | null };
      if (!response.ok) throw new Error(`the measured server answered ${response.status}`);
      // A fallback would cost less than the answer that is meant.
      if (typeof answer.fallback === 'string') throw new Error(`the measured server answered by ${answer.fallback}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const post = ({ url, token }: Server, path: string, body: object) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const visit = (server: Server, n: number) =>
  post(server, '/v1/events', {
    ...{ event_id: randomUUID(), user_id: `visitor-${n % 500}`, session_id: `session-${n % 700}`, item_id: `item-${n % 800}` },
    ...{ kind: 'view', price: 10 + (n % 90), address: '192.0.2.7', event_time: new Date().toISOString() },
  });
const ask = (server: Server, n: number) =>
  post(server, '/v1/recommend', { user: server.users?.[n % server.users.length], k: 20 });

async function measure(operation: string, call?: (server: Server, n: number) => Promise<Response>): Promise<Answer> {
  const child = fork(join(import.meta.dirname, 'service-times-child.ts'), [operation], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  if (call !== undefined) {
    const server = await message<Server>(child, 'url');
    await calls(WARM, (n) => call(server, n));
    child.send('start');
    await calls(CALLS, (n) => call(server, n));
    child.send('stop');
  }
  const { answer } = await message<{ readonly answer: Answer }>(child, 'answer');
  await ended;
  return call === undefined ? answer : { callMs: (answer['cpuMs'] ?? 0) / CALLS, memoryMiB: answer['memoryMiB'] ?? 0 };
}

async function rounds(operation: string, call?: (server: Server, n: number) => Promise<Response>): Promise<Answer> {
  const all: Answer[] = [];
  for (let n = 0; n < ROUNDS; n += 1) all.push(await measure(operation, call));
  const of = (key: string) => median(all.map((answer) => answer[key] ?? Number.NaN));
  const middle = Object.fromEntries(Object.keys(all[0] ?? {}).map((key) => [key, of(key)]));
  console.log(
    operation,
    Object.entries(middle)
      .map(([key, value]) => `${key} ${round(value, 3)}`)
      .join(', '),
  );
  return middle;
}

const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
const before = loadavg().map((load) => round(load, 3));
const collector = await rounds('collector', visit);
const serving = await rounds('serving', ask);
const sink = await rounds('sink');
const materializer = await rounds('materializer');
const monitor = await rounds('monitor');
const time = (value: number | undefined) => round(value ?? Number.NaN, 3);
const size = (value: number | undefined) => Math.ceil(value ?? Number.NaN);

const measured = {
  measuredAt: new Date().toISOString(),
  by: 'bench/service-times.ts',
  machine: {
    cores: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    loadBefore: before,
    loadAfter: loadavg().map((load) => round(load, 3)),
  },
  versions: {
    node: process.version,
    ...Object.fromEntries(['fastify', 'onnxruntime-node', '@duckdb/node-api', 'lmdb'].map((name) => [name, dependencies[name]])),
  },
  method: `retail on the embedded adapters; median of ${ROUNDS} rounds; ${CALLS} calls, ${AT_ONCE} at once; 5000 items to score; 20000 rows`,
  cpuMs: {
    collectorEvent: time(collector['callMs']),
    servingRequest: time(serving['callMs']),
    sinkRow: time(sink['rowMs']),
    sinkCommit: time(sink['commitMs']),
    materializerRow: time(materializer['rowMs']),
    monitorRow: time(monitor['rowMs']),
  },
  memoryMiB: {
    collector: size(collector['memoryMiB']),
    serving: size(serving['memoryMiB']),
    sink: size(sink['memoryMiB']),
    materializer: size(materializer['memoryMiB']),
    monitor: size(monitor['memoryMiB']),
  },
  bytes: {
    logPerField: size((sink['logBytes'] ?? Number.NaN) / FIELDS),
    lakePerColumn: size((sink['lakeBytes'] ?? Number.NaN) / (FIELDS + ORIGIN_COLUMNS)),
    lakePerLogByte: time((sink['lakeBytes'] ?? Number.NaN) / (sink['logBytes'] ?? Number.NaN)),
    logPrediction: size(monitor['logBytes']),
    onlinePerEvent: size(materializer['onlineBytes']),
  },
};
console.log(JSON.stringify(measured, undefined, 2));
if (!process.argv.includes('--print')) writeFileSync(TARGET, `${JSON.stringify(measured, undefined, 2)}\n`);
