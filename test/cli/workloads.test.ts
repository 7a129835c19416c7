import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { registryWorkload } from '../../app/platform-workloads.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { millrace, refusal, run, withFolder } from './front-door.ts';

const declared = [...workloadsOf(retail), registryWorkload];
const standing = declared.filter(({ kind }) => kind === 'service' || kind === 'consumer');

/** A workload as the cluster starts it: its declared command, its settings in the environment. */
async function withWorkload(
  command: readonly string[],
  data: string,
  body: (url: string, tell: (signal: NodeJS.Signals) => Promise<number | null>) => Promise<void>,
): Promise<void> {
  const environment = { MILLRACE_DATA_DIR: data, MILLRACE_HTTP_PORT: '0', MILLRACE_USECASE: 'retail', MILLRACE_LOG: 'error' };
  const child = spawn(process.execPath, [millrace, ...command, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding('utf8').once('data', resolve);
      void ended.then((code) => reject(new Error(`${command.join(' ')} ended with ${code} before it said where it answers`)));
    });
    const { workload, url } = JSON.parse(line) as { readonly workload: string; readonly url: string };
    assert.equal(workload, command.join(' '));
    await body(url, (signal) => {
      child.kill(signal);
      return ended;
    });
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

for (const { name, command } of standing) {
  test(`${name} starts on an empty folder, answers its probes, and drains on SIGTERM`, () =>
    withFolder((data) =>
      withWorkload(command, data, async (url, tell) => {
        const statuses = await Promise.all(['/healthz', '/readyz', '/metrics'].map((path) => fetch(`${url}${path}`)));
        const found = statuses.map(({ status }) => status);
        // The server too: no release answers yet, and the declared fallback does.
        assert.deepEqual(found, [200, 200, 200]);
        for (const response of statuses) await response.body?.cancel();
        assert.equal(await tell('SIGTERM'), 0);
      }),
    ));
}

test('a collector that is told to stop has every event that it took', () =>
  withFolder(async (data) => {
    const { openEmbeddedKeys } = await import('../../app/governance/keys/embedded.ts');
    let accepted = 0;
    await withWorkload(['ingestion', 'collect'], data, async (url, tell) => {
      const keys = await openEmbeddedKeys(`${data}/keys`);
      const token = await keys.secret('collector-token');
      await keys.close();
      const send = async (n: number) => {
        const event = { event_id: `e${n}`, user_id: `u${n}`, item_id: 'i', kind: 'view', event_time: new Date().toISOString() };
        const response = await fetch(`${url}/v1/events`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(event),
        });
        if (response.status === 202) accepted += 1;
        await response.body?.cancel();
      };
      const sent = Array.from({ length: 40 }, (_, n) => send(n).catch(() => undefined));
      await sent[0];
      const code = await tell('SIGTERM');
      await Promise.all(sent);
      assert.equal(code, 0);
    });
    assert.ok(accepted > 0);
    const { code, stdout } = await run('--data', data, 'ingestion', 'status', '--json');
    assert.equal(code, 0);
    const { topics } = JSON.parse(stdout) as { topics: { name: string; records: number }[] };
    const records = topics.find(({ name }) => name === 'retail.click')?.records ?? 0;
    assert.ok(records >= accepted, `${accepted} were accepted, the log has ${records}`);
  }));

test('the registry tells nothing to a reader without its token', () =>
  withFolder((data) =>
    withWorkload(registryWorkload.command, data, async (url) => {
      const { openEmbeddedKeys } = await import('../../app/governance/keys/embedded.ts');
      const bare = await fetch(`${url}/v1/models`);
      assert.equal(bare.status, 401);
      assert.equal(((await bare.json()) as { code: string }).code, 'MR_PIPELINES_TOKEN');
      const keys = await openEmbeddedKeys(`${data}/keys`);
      const headers = { authorization: `Bearer ${await keys.secret('registry-token')}` };
      const ask = async (path: string) => {
        const response = await fetch(`${url}${path}`, { headers });
        return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
      };
      const { models } = (await ask('/v1/models')).body as { models: { model: string; champion: number | null }[] };
      assert.equal(models.find(({ model }) => model === retail.model.name)?.champion, null);
      assert.equal((await ask('/v1/models/nobody/versions')).body.code, 'MR_PIPELINES_NOT_REGISTERED');
      assert.equal((await ask(`/v1/models/${retail.model.name}/versions/x`)).body.code, 'MR_PIPELINES_VERSION_INVALID');
      assert.equal((await ask(`/v1/models/${retail.model.name}/versions/7`)).body.code, 'MR_REGISTRY_VERSION_UNKNOWN');
      const snapshot = await fetch(`${url}/v1/snapshot`, { headers });
      const { readSnapshot } = await import('../../app/registry/snapshot.ts');
      const bytes = Buffer.from(await snapshot.arrayBuffer());
      const digest = snapshot.headers.get('x-millrace-digest') ?? '';
      const read = readSnapshot(bytes, { digest, verifyKey: await keys.verifyKey(), now: Date.now() * 1000 });
      assert.ok(retail.model.name in read.models);
      await keys.close();
    }),
  ));

test('a taken port, and a port that is none, are refused', () =>
  withFolder(async (data) => {
    await withWorkload(['lake', 'sink'], data, async (url) => {
      const port = new URL(url).port;
      const { code, field, value } = refusal(await run('--data', `${data}-2`, 'monitoring', 'watch', '--port', port));
      assert.deepEqual([code, field, value], ['MR_PIPELINES_PORT_TAKEN', '--port', Number(port)]);
    });
    const { code, stderr } = await run('--data', data, 'lake', 'sink', '--port', '70000');
    assert.equal(code, 2);
    assert.match(stderr, /Expected a port from 0 to 65535/);
  }));
