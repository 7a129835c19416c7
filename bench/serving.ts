import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineLine } from './machine.ts';

/**
 * `POST /v1/recommend` against a bare Fastify route that echoes JSON of the same size, the limit of what this stack can
 * do, in the same run: at fixed rates (each latency counted from the moment its request was due, so that a stall is not
 * hidden) and in a closed loop. Each server is a process of its own. `node bench/serving.ts [seconds of each step]`
 */
const seconds = Number(process.argv[2] ?? 4);
const RATES = [50, 100, 200] as const;
const LANES = 8;
const USERS = 50;
const K = 20;

interface Server {
  readonly name: string;
  readonly url: URL;
  readonly token: string;
  readonly agent: Agent;
  readonly child: ChildProcess;
}

async function start(name: 'ours' | 'echo'): Promise<Server> {
  const child = fork(join(import.meta.dirname, 'serving-child.ts'), [name]);
  const [{ url, token }] = (await once(child, 'message')) as [{ readonly url: string; readonly token: string }];
  return { name, url: new URL('/v1/recommend', url), token, agent: new Agent({ keepAlive: true }), child };
}

/** One request; rejects where it is not answered by the model. */
function ask({ url, token, agent }: Server, n: number): Promise<void> {
  const body = JSON.stringify({ user: `user-${n % USERS}`, k: K });
  const headers = { 'content-type': 'application/json', 'content-length': body.length, authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      const { items, fallback } = JSON.parse(text) as { readonly items?: readonly string[]; readonly fallback?: string | null };
      if (response.statusCode === 200 && items?.length === K && fallback === null) resolve();
      else reject(new Error(`the measured server answered ${response.statusCode}: ${text.slice(0, 200)}`));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

function figures(latencies: readonly number[], elapsedMs: number): Figures {
  const sorted = latencies.toSorted((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return { perSecond: (latencies.length * 1000) / elapsedMs, p50: quantile(0.5), p99: quantile(0.99) };
}

async function atRate(server: Server, rate: number): Promise<Figures> {
  const latencies: number[] = [];
  const started = performance.now();
  const asked: Promise<void>[] = [];
  for (let n = 0; n < rate * seconds; n += 1) {
    const due = started + (n * 1000) / rate;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    asked.push(ask(server, n).then(() => void latencies.push(performance.now() - due)));
  }
  await Promise.all(asked);
  return figures(latencies, performance.now() - started);
}

async function closedLoop(server: Server): Promise<Figures> {
  const latencies: number[] = [];
  const started = performance.now();
  let n = 0;
  const lane = async () => {
    while (performance.now() - started < seconds * 1000) {
      const before = performance.now();
      n += 1;
      await ask(server, n);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return figures(latencies, performance.now() - started);
}

const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
console.log(machineLine());
console.log(
  `fastify ${dependencies.fastify}, onnxruntime-node ${dependencies['onnxruntime-node']}, lmdb ${dependencies.lmdb}; ` +
    `800 items, 32 factors, k ${K}; ${seconds} s a step; milliseconds`,
);
const servers = [await start('ours'), await start('echo')] as const;
try {
  for (const server of servers) for (let n = 0; n < 500; n += 1) await ask(server, n);
  const line = (step: string, ours: Figures, echo: Figures) => {
    const of = ({ perSecond, p50, p99 }: Figures) => `${perSecond.toFixed(0)}/s p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)}`;
    const ratios = `p50 ${(ours.p50 / echo.p50).toFixed(2)} p99 ${(ours.p99 / echo.p99).toFixed(2)}`;
    console.log(`${step.padEnd(20)}  ours ${of(ours)}   echo ${of(echo)}   ratio ${ratios}`);
  };
  const [ours, echo] = servers;
  for (const rate of RATES) line(`at ${rate} a second`, await atRate(ours, rate), await atRate(echo, rate));
  line(`closed, ${LANES} at once`, await closedLoop(ours), await closedLoop(echo));
} finally {
  for (const { child, agent } of servers) {
    agent.destroy();
    child.send('stop');
  }
}
