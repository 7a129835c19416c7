import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openS3Objects } from '../../app/lake/object-store/s3.ts';
import { openRuntime } from '../../app/runtime.ts';
import { objectStoreContract } from '../contracts/object-store.ts';
import { type S3Server, startS3 } from './versitygw.ts';

let server: S3Server;
before(async () => {
  server = await startS3();
});
after(() => server.stop());

objectStoreContract('S3', async () => {
  const options = await server.bucket();
  const opened: { close(): Promise<void> }[] = [];
  const open = async () => {
    const store = await openS3Objects(options);
    opened.push(store);
    return store;
  };
  return {
    store: await open(),
    open,
    async end() {
      for (const store of opened) await store.close();
    },
  };
});

test('the settings of a pod open it, and the lake over it keeps to its share of the scratch disk', async () => {
  const { bucket, region, endpoint = '', caFile = '', accessKeyFile = '', secretKeyFile = '' } = await server.bucket();
  const environment = {
    MILLRACE_OBJECTS_BUCKET: bucket,
    MILLRACE_OBJECTS_REGION: region,
    MILLRACE_OBJECTS_ENDPOINT: endpoint,
    MILLRACE_OBJECTS_CA_FILE: caFile,
    MILLRACE_OBJECTS_ACCESS_KEY_FILE: accessKeyFile,
    MILLRACE_OBJECTS_SECRET_KEY_FILE: secretKeyFile,
  };
  const { MILLRACE_OBJECTS_REGION: _none, ...placeless } = environment;
  const open = (settings: Readonly<Record<string, string>>) => openRuntime({ dataDir: server.folder(), environment: settings });
  await assert.rejects(open(placeless).use('objects'), { code: 'MR_SETTINGS_INVALID', field: 'MILLRACE_OBJECTS_REGION' });

  const runtime = open(environment);
  const tight = open({ ...environment, MILLRACE_LAKE_COPIES_MB: '1' });
  try {
    const lake = await runtime.use('lake');
    const columns = [{ name: 'noise', type: 'binary', nullable: false }] as const;
    await lake.ensureTable({ name: 'shop.noise', columns });
    for (let part = 0; part < 2; part += 1) {
      const staged = await lake.stage('shop.noise', [{ noise: randomBytes(700_000) }]);
      await lake.commit('shop.noise', { operation: 'WRITE', add: [staged] });
    }
    const [key = ''] = (await lake.snapshot('shop.noise')).files;
    assert.equal(await (await runtime.use('objects')).has(key), true);
    const sql = 'select sum(octet_length(noise)) as bytes from shop.noise';
    assert.deepEqual(await lake.query(sql), [{ bytes: 1_400_000 }]);
    await assert.rejects((await tight.use('lake')).query(sql), {
      code: 'MR_LAKE_SCRATCH_FULL',
      expected: 'at most 1048576 bytes at a time',
    });
  } finally {
    await runtime.close();
    await tight.close();
  }
});

test('it opens where the user has no home, as in an image from scratch', async () => {
  const options = await server.bucket();
  const homeless = `import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module';
    os.homedir = () => { throw new Error('no such user'); }; syncBuiltinESMExports();`;
  const program = `const { openS3Objects } = await import(${JSON.stringify(join(import.meta.dirname, '../../app/lake/object-store/s3.ts'))});
    const store = await openS3Objects(${JSON.stringify(options)});
    await store.put('a/key', Buffer.from('x'));
    console.log(String(await store.get('a/key')));`;
  const { HOME: _none, ...env } = process.env;
  const preload = `data:text/javascript,${encodeURIComponent(homeless)}`;
  const out = execFileSync(process.execPath, ['--import', preload, '--input-type=module', '-e', program], {
    env,
    encoding: 'utf8',
  });
  assert.equal(out, 'x\n');
});
