import fastify from 'fastify';
import { openFixture } from '../test/serving/fixture.ts';

/**
 * The measured process of bench/serving.ts: `ours` serves a hand-made release of 800 items to users with 40 clicks each,
 * `echo` is a bare Fastify route that reads the same JSON and answers JSON of the same size. Says where it listens.
 */
const ITEMS = Array.from({ length: 800 }, (_, index) => `item-${index}`);
const USERS = Array.from({ length: 50 }, (_, index) => `user-${index}`);

const say = (message: object) => process.send?.(message);

async function ours(): Promise<void> {
  const fixture = await openFixture();
  await fixture.promote(await fixture.release(7, { items: ITEMS, users: USERS }));
  for (const user of USERS) await fixture.click(user, ITEMS.slice(0, 40));
  const server = await fixture.start();
  await server.looked();
  process.once('message', async () => {
    await fixture.close();
    process.disconnect();
  });
  say({ url: server.url, token: await fixture.token('recommend') });
}

async function echo(): Promise<void> {
  const app = fastify();
  app.post<{ Body: { readonly k: number } }>('/v1/recommend', async ({ body }) => ({
    requestId: '019ce1f4-7b10-7a41-9c3e-5f2a91c34d00',
    unitId: 'f'.repeat(64),
    model: 'echo',
    version: 1,
    items: ITEMS.slice(0, body.k),
    fallback: null,
    reason: null,
  }));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  process.once('message', async () => {
    await app.close();
    process.disconnect();
  });
  say({ url, token: 'none' });
}

await (process.argv[2] === 'echo' ? echo() : ours());
