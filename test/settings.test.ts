import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MillraceError } from '../app/errors.ts';
import { openRuntime } from '../app/runtime.ts';
import { readSettings } from '../app/settings.ts';

function refused(act: () => unknown): MillraceError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof MillraceError, String(error));
    return error;
  }
  assert.fail('it was taken');
}

test('settings are read, and what is not ours or empty is left alone', () => {
  const environment = {
    PATH: '/bin',
    MILLRACE_USECASE: 'retail',
    MILLRACE_HTTP_PORT: '0',
    MILLRACE_LOG: '',
    MILLRACE_CRASH_AT: 'x:1',
  };
  assert.deepEqual(readSettings(environment), { MILLRACE_USECASE: 'retail', MILLRACE_HTTP_PORT: '0' });
});

test('every fault is named at once, with variable, value and expectation', () => {
  const environment = {
    MILLRACE_HTTP_PORT: '70000',
    MILLRACE_LOG: 'loud',
    MILLRACE_LOG_BROKERS: 'kafka',
    MILLRACE_IMAGE_DIGEST: 'latest',
    MILLRACE_ENVIRONMENT: 'prod',
  };
  const { code, field, value, message } = refused(() => readSettings(environment));
  assert.equal(code, 'MR_SETTINGS_INVALID');
  const { MILLRACE_ENVIRONMENT: _fine, ...wrong } = environment;
  assert.deepEqual(field?.split(', ').sort(), Object.keys(wrong).sort());
  assert.deepEqual(value, wrong);
  assert.match(message, /MILLRACE_HTTP_PORT is '70000', expected a port from 0 to 65535/);
  assert.match(message, /MILLRACE_LOG is 'loud', expected silent, fatal, error, warn, info, debug or trace/);
});

test('a mistyped name is a fault, and the likely one is named', () => {
  const { field, expected } = refused(() => readSettings({ MILLRACE_LOG_BROKER: 'kafka:9093' }));
  assert.equal(field, 'MILLRACE_LOG_BROKER');
  assert.match(expected ?? '', /^no such setting; perhaps MILLRACE_LOG/);
});

test('links that Kubernetes sets for services are no fault', () => {
  const links = { MILLRACE_REGISTRY_SERVICE_HOST: '10.0.0.1', MILLRACE_REGISTRY_PORT_8080_TCP_ADDR: '10.0.0.1' };
  assert.deepEqual(readSettings(links), {});
});

test('what may hold a credential is not shown', () => {
  const { message, value } = refused(() => readSettings({ OTEL_EXPORTER_OTLP_HEADERS: ' ' }));
  assert.doesNotMatch(`${message} ${String(value)}`, /' '/);
});

test('on a cluster no port falls back on a folder of the container: the setting that is missing is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-settings-'));
  const runtime = openRuntime({ dataDir: folder, environment: { MILLRACE_GROUND: 'cluster' } });
  const wanted = { log: 'LOG_BROKERS', objects: 'OBJECTS_BUCKET', online: 'ONLINE_HOST', metadata: 'METADATA_HOST' } as const;
  for (const [port, setting] of Object.entries(wanted))
    await assert.rejects(runtime.use(port as keyof typeof wanted), {
      code: 'MR_SETTINGS_STORE_MISSING',
      field: `MILLRACE_${setting}`,
    });
  const keys = 'MILLRACE_KEYS_MASTER_FILE, MILLRACE_KEYS_KMS_KEY';
  await assert.rejects(runtime.use('keys'), { code: 'MR_SETTINGS_STORE_MISSING', field: keys });
  await runtime.close();
  assert.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true, force: true });
});

test('a runtime reads its settings before it makes anything', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-settings-'));
  try {
    const dataDir = join(folder, 'data');
    assert.equal(refused(() => openRuntime({ dataDir, environment: { MILLRACE_LOG: 'loud' } })).code, 'MR_SETTINGS_INVALID');
    rmSync(dataDir, { recursive: false, force: false });
    assert.fail('the data folder was made');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a setting that needs others beside it names those that were left out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-settings-'));
  const environment = { MILLRACE_METADATA_HOST: 'db', MILLRACE_METADATA_PORT: '5432', MILLRACE_METADATA_DATABASE: 'millrace' };
  const runtime = openRuntime({ dataDir: folder, environment });
  await assert.rejects(runtime.use('metadata'), {
    code: 'MR_SETTINGS_INVALID',
    field: 'MILLRACE_METADATA_USER, MILLRACE_METADATA_PASSWORD_FILE',
  });
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});
