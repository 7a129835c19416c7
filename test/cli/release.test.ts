import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../app/clock/embedded.ts';
import { createLogger } from '../../app/logger.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import type { ReleaseFile } from '../../app/registry/release.ts';
import { openRuntime, type Runtime } from '../../app/runtime.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { openFixture } from '../registry/fixture.ts';
import { refusal, run, withFolder } from './front-door.ts';

const MODEL = retail.model.name;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Works on the data folder's registry, in this process. */
async function inRegistry<T>(data: string, body: (registry: Registry, runtime: Runtime) => Promise<T>): Promise<T> {
  const runtime = openRuntime({ dataDir: data, clock: systemClock, logger: createLogger({ level: 'silent' }) });
  try {
    const [metadata, objects, keys, audit] = await Promise.all([
      runtime.use('metadata'),
      runtime.use('objects'),
      runtime.use('keys'),
      runtime.use('audit'),
    ]);
    return await body(openRegistry({ metadata, objects, keys, audit, clock: systemClock }), runtime);
  } finally {
    await runtime.close();
  }
}

/** A release that was registered, gated and approved, as version 1; resolves to the path of its model file. */
const approvedRelease = (data: string): Promise<string> =>
  inRegistry(data, async (registry, runtime) => {
    const [objects, keys] = [await runtime.use('objects'), await runtime.use('keys')];
    const prefix = `releases/${MODEL}/${'0'.repeat(64)}/`;
    const files = {} as Record<ReleaseFile, { sha256: string; bytes: number }>;
    for (const name of ['model.onnx', 'model.json', 'profile.json', 'card.md'] as const) {
      const body = Buffer.from(`${name} of a release`);
      await objects.put(`${prefix}${name}`, body);
      files[name] = { sha256: sha256(body), bytes: body.length };
    }
    const fixture = await openFixture();
    const manifest = { ...(await fixture.release()), model: MODEL, prefix, files };
    await fixture.close();
    const { version, unitId } = await registry.register(manifest, 'workload:trainer');
    const evidence = JSON.stringify({
      approval: 'local',
      kind: 'verdict',
      model: MODEL,
      unitId,
      verdict: 'passed',
      version,
    });
    await registry.recordVerdict('workload:gate', { evidence, signature: await keys.sign(Buffer.from(evidence)) });
    await registry.approve(MODEL, version, 'local');
    return join(data, 'objects', `${prefix}model.onnx`);
  });

function flipOneBit(path: string): void {
  const bytes = readFileSync(path);
  bytes[5] = (bytes[5] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test('a release whose model file has one flipped bit is not promoted, and the refusal is audited', () =>
  withFolder(async (data) => {
    flipOneBit(await approvedRelease(data));
    const { code, field, expected } = refusal(await run('--data', data, 'registry', 'promote', '1'));
    assert.deepEqual([code, field], ['MR_REGISTRY_DIGEST_MISMATCH', 'model.onnx']);
    assert.match(expected ?? '', /^\d+ bytes with SHA-256 [0-9a-f]{64}$/);
    await inRegistry(data, async (registry, runtime) => {
      assert.equal(await registry.alias(MODEL, 'champion'), undefined);
      const last = (await (await runtime.use('audit')).read()).at(-1);
      assert.deepEqual([last?.action, last?.outcome], ['registry.version.promote', 'refused']);
    });
  }));

test('the whole release is promoted by the same command', () =>
  withFolder(async (data) => {
    await approvedRelease(data);
    const { code, stdout, stderr } = await run('--data', data, '--json', 'registry', 'promote', '1');
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { version: number }).version, 1);
  }));

test('an unknown version is refused by name, to look at and to act on', () =>
  withFolder(async (data) => {
    await approvedRelease(data);
    for (const act of ['show', 'approve', 'promote']) {
      const { code, field, value, expected } = refusal(await run('--data', data, 'registry', act, '7'));
      assert.deepEqual([code, field, value], ['MR_REGISTRY_VERSION_UNKNOWN', 'version', 7], act);
      assert.ok(expected);
    }
  }));

test('a rollback with nothing to go back to, and a time that is none, are refused', () =>
  withFolder(async (data) => {
    await approvedRelease(data);
    assert.equal(refusal(await run('--data', data, 'registry', 'rollback')).code, 'MR_REGISTRY_NO_PREVIOUS');
    const { code, value } = refusal(await run('--data', data, 'registry', 'at', 'noon'));
    assert.deepEqual([code, value], ['MR_REGISTRY_TIME_INVALID', 'noon']);
  }));
