import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertUntouched, refusal, run, withFolder } from './front-door.ts';

/** Listens on a free port of loopback while `body` runs. */
async function withTaken(body: (port: number) => Promise<void>): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

for (const [what, below, code] of [
  ['page', 0, 'MR_MONITORING_PORT_TAKEN'],
  ['collector', 1, 'MR_INGESTION_PORT_TAKEN'],
  ['serving', 2, 'MR_SERVING_PORT_TAKEN'],
] as const) {
  test(`where the port of the ${what} is taken, the loop stops and names the port`, () =>
    withTaken((taken) =>
      withFolder(async (data) => {
        const refused = refusal(await run('start', '--data', data, '--port', String(taken - below)));
        assert.deepEqual([refused.code, refused.value, refused.expected], [code, taken, 'a free port']);
        assert.ok(!existsSync(join(data, 'running.json')), 'it says that it runs');
      }),
    ));
}

for (const port of ['seven', '65536', '-1', '7070.5', '']) {
  test(`'${port}' is refused as a port before anything is made`, () =>
    withFolder(async (data) => {
      const { code, field, value } = refusal(await run('start', '--data', data, `--port=${port}`));
      assert.deepEqual([code, field, value], ['MR_CLI_FLAG_INVALID', '--port', port]);
      await assertUntouched(data);
    }));
}
