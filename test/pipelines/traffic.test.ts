import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { SECOND } from '../../app/clock/port.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { askingOf } from '../../pipelines/loop/asking.ts';
import type { VisitSource } from '../../pipelines/loop/source.ts';
import { startTraffic } from '../../pipelines/loop/traffic.ts';

/** A server that takes any JSON, and keeps the bodies. */
async function taker(t: TestContext) {
  const bodies: Record<string, unknown>[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    bodies.push(JSON.parse(text) as Record<string, unknown>);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"unitId":"u","fallback":null}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'token', bodies };
}

test('every visit asks with its first click and then at most every two minutes, and all clicks are posted', async (t) => {
  const [collector, serving] = [await taker(t), await taker(t)];
  const clicks = (user: string, seconds: readonly number[]) =>
    seconds.map((at) => ({ at: at * SECOND, event: 'click', subject: user, wire: { user, at }, asks: true }));
  const visits = [...clicks('long', [0, 50, 100, 150, 200, 250, 300]), ...clicks('short', [160, 170]), ...clicks('late', [310])];
  visits.sort((a, b) => a.at - b.at);
  let now = 0;
  let position = 0;
  const source = {
    live: async (from: number, to: number) => visits.filter(({ at }) => at >= from && at < to),
    endsAt: 400 * SECOND,
  } as unknown as VisitSource;
  const onPosition = (at: number) => {
    position = at;
  };
  const traffic = startTraffic({
    source,
    clock: { now: () => now },
    collector,
    serving,
    from: 0,
    onPosition,
    asking: askingOf(retail),
  });
  const asked: string[] = [];
  for (let second = 0; second < 400; second += 10) {
    const before = serving.bodies.length;
    now = (second + 10) * SECOND;
    while (position < now) await pause(5);
    asked.push(...serving.bodies.slice(before).map(({ user }) => `${user} at ${second} s`));
  }
  await traffic.close();
  assert.ok(traffic.ended());
  assert.deepEqual(asked, ['long at 0 s', 'long at 150 s', 'short at 160 s', 'long at 300 s', 'late at 310 s']);
  const posted = collector.bodies.flatMap(({ events }) => events as unknown[]);
  assert.equal(posted.length, visits.length);
});
