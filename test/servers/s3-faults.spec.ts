import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { MillraceError } from '../../app/errors.ts';
import { openS3Objects, type S3ObjectStore } from '../../app/lake/object-store/s3.ts';
import type { S3Options } from '../../app/lake/object-store/s3-client.ts';
import { PART_BYTES } from '../../app/lake/object-store/s3-upload.ts';
import { type Fate, openIdentityAgent, openPath } from './s3-path.ts';
import { OWNER, type S3Server, startS3 } from './versitygw.ts';

let server: S3Server;
before(async () => {
  server = await startS3();
});
after(() => server.stop());

const soon = { patience: { connectMs: 1_000, silenceMs: 1_000 }, attempts: 2 };
const body = (text: string) => Buffer.from(text);

async function withStore<T>(options: S3Options, work: (store: S3ObjectStore) => Promise<T>): Promise<T> {
  const store = await openS3Objects(options);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function faultOf(act: () => Promise<unknown>): Promise<MillraceError> {
  const error: unknown = await act().then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MillraceError, inspect(error));
  return error;
}

/** A store reached by a way on which each answer's fate is decided by `fate`. */
async function onBadWay(fate: (request: string) => Fate, work: (store: S3ObjectStore, options: S3Options) => Promise<void>) {
  const options = await server.bucket();
  const path = await openPath(server.port, readFileSync(options.caFile ?? ''), fate);
  try {
    const { caFile: _none, ...plain } = options;
    await withStore({ ...plain, endpoint: path.endpoint, ...soon }, (store) => work(store, options));
  } finally {
    await path.close();
  }
}

test('a wrong secret, a stranger and a bucket that is not there are refused, and no key is in the error', async () => {
  const options = await server.bucket();
  const wrong = 'a-wrong-secret-0123456789';
  const cases: readonly S3Options[] = [
    { ...options, secretKeyFile: server.file(wrong) },
    { ...options, accessKeyFile: server.file('stranger-0123456789') },
    { ...options, bucket: 'no-such-bucket' },
  ];
  for (const options of cases) {
    await withStore(options, async (store) => {
      const acts = [
        () => store.get('a/key'),
        () => store.has('a/key'),
        () => store.put('a/key', body('x')),
        () => store.putIfAbsent('a/key', body('x')),
        () => store.list('a/'),
      ];
      for (const [index, act] of acts.entries()) {
        if (options.bucket === 'no-such-bucket' && index === 1) continue; // a HEAD is not told what is missing
        const fault = await faultOf(act);
        assert.equal(fault.code, 'MR_LAKE_STORE_REFUSED');
        assert.doesNotMatch(
          inspect(fault, { depth: 20, showHidden: true }),
          new RegExp(`${wrong}|stranger-|${OWNER.secretAccessKey}`),
        );
      }
    });
  }
});

test('a key without its secret, or an empty file of one, is named before anything is asked', async () => {
  const options = await server.bucket();
  const { secretKeyFile: _none, ...half } = options;
  assert.equal((await faultOf(() => openS3Objects(half))).code, 'MR_LAKE_STORE_REFUSED');
  const empty = server.file('');
  assert.equal((await faultOf(() => openS3Objects({ ...options, secretKeyFile: empty }))).field, empty);
});

test('a certificate of an unknown authority is not trusted', async () => {
  const { caFile: _none, ...options } = await server.bucket();
  await withStore({ ...options, ...soon }, async (store) => {
    const fault = await faultOf(() => store.get('a/key'));
    assert.equal(fault.code, 'MR_LAKE_STORE_UNREACHABLE');
    assert.match(fault.message, /self-signed certificate in certificate chain|unable to verify/);
  });
});

test('a rotated key is taken up without a restart', async (t) => {
  const options = await server.bucket();
  const user = server.user();
  await server.allow(options.bucket, [
    {
      Effect: 'Allow',
      Principal: [user.name],
      Action: 's3:*',
      Resource: [`arn:aws:s3:::${options.bucket}`, `arn:aws:s3:::${options.bucket}/*`],
    },
  ]);
  const rotated = { accessKeyFile: server.file(OWNER.accessKeyId), secretKeyFile: server.file(OWNER.secretAccessKey) };
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  await withStore({ ...options, ...rotated }, async (store) => {
    await store.put('a/key', body('x'));
    writeFileSync(rotated.secretKeyFile, readFileSync(user.secretKeyFile));
    writeFileSync(rotated.accessKeyFile, readFileSync(user.accessKeyFile));
    await server.allow(options.bucket, [
      { Effect: 'Deny', Principal: [user.name], Action: 's3:GetObject', Resource: `arn:aws:s3:::${options.bucket}/*` },
    ]);
    assert.equal((await store.get('a/key')).toString(), 'x');
    t.mock.timers.tick(6 * 60_000);
    assert.equal((await faultOf(() => store.get('a/key'))).code, 'MR_LAKE_STORE_REFUSED');
  });
});

test("without a key's file it is the pod's identity that asks", async () => {
  const { accessKeyFile: _key, secretKeyFile: _secret, ...options } = await server.bucket();
  const agent = await openIdentityAgent('token-of-the-pod', OWNER);
  const given = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: agent.url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: server.file('token-of-the-pod').trim(),
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  await writeFile(given.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, 'token-of-the-pod');
  try {
    Object.assign(process.env, given);
    await withStore(options, async (store) => {
      await store.put('a/key', body('x'));
      assert.equal((await store.get('a/key')).toString(), 'x');
    });
    assert.equal(agent.asked(), 1);
    await writeFile(given.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, 'another');
    await withStore(options, async (store) => {
      assert.equal((await faultOf(() => store.get('a/key'))).code, 'MR_LAKE_STORE_REFUSED');
    });
  } finally {
    for (const name of Object.keys(given)) delete process.env[name];
    await agent.close();
  }
});

test('a server that was killed is named, and the same store goes on once it is back', async () => {
  const options = await server.bucket();
  await withStore({ ...options, ...soon }, async (store) => {
    await store.put('a/key', body('before'));
    await server.kill();
    for (const act of [() => store.get('a/key'), () => store.putIfAbsent('b', body('x')), () => store.list('')])
      assert.equal((await faultOf(act)).code, 'MR_LAKE_STORE_UNREACHABLE');
    await server.start();
    assert.equal((await store.get('a/key')).toString(), 'before');
    assert.equal(await store.putIfAbsent('b', body('x')), true);
  });
});

test('the one whose answer was lost knows that it won, and a second writer that it did not', async () => {
  const lost = new Set<string>();
  const once = (request: string): Fate => {
    if (!request.startsWith('PUT') || lost.has(request)) return 'pass';
    lost.add(request);
    return 'lose';
  };
  await onBadWay(once, async (store, options) => {
    assert.equal(await store.putIfAbsent('log/1', body('ours')), true);
    assert.equal(lost.size, 1);
    await withStore(options, (other) => other.put('log/2', body('theirs')));
    assert.equal(await store.putIfAbsent('log/2', body('ours')), false);
    assert.equal((await store.get('log/2')).toString(), 'theirs');
  });
});

test('an answer that breaks off is asked for again, and one that falls silent ends', async () => {
  const large = randomBytes(300_000);
  let fate: Fate = 'halve';
  let times = 1;
  await onBadWay(
    (request) => (request.startsWith('GET') && times-- > 0 ? fate : 'pass'),
    async (store, options) => {
      await withStore(options, (straight) => straight.put('large', large));
      assert.deepEqual(await store.get('large'), large);
      times = 1;
      const path = join(server.folder(), 'copy');
      await store.getFile('large', path);
      assert.deepEqual(await readFile(path), large);
      for (fate of ['stall', 'stall-midway', 'halve'] as const) {
        times = 100;
        const begun = performance.now();
        assert.equal((await faultOf(() => store.getFile('large', `${path}-2`))).code, 'MR_LAKE_STORE_UNREACHABLE');
        assert.ok(performance.now() - begun < 30_000);
        await assert.rejects(stat(`${path}-2`), { code: 'ENOENT' });
      }
    },
  );
});

test('a large file goes in parts, comes back the same, and leaves none behind where it is refused', async () => {
  const options = await server.bucket();
  const large = randomBytes(2 * PART_BYTES + 12_345);
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const file = async () => {
    const path = join(server.folder(), 'part');
    await writeFile(path, large);
    return path;
  };
  await withStore(options, async (store) => {
    const source = await file();
    await store.putFile('lake/part', source);
    await assert.rejects(stat(source), { code: 'ENOENT' });
    assert.equal(digest(await store.get('lake/part')), digest(large));
    const copy = join(server.folder(), 'copy');
    await store.getFile('lake/part', copy);
    assert.equal(digest(await readFile(copy)), digest(large));
  });
  const stranger = { ...options, secretKeyFile: server.file('wrong-0123456789') };
  await withStore(stranger, async (store) => {
    const source = await file();
    assert.equal((await faultOf(() => store.putFile('lake/other', source))).code, 'MR_LAKE_STORE_REFUSED');
    await assert.rejects(stat(source), { code: 'ENOENT' });
  });
  const { Uploads = [] } = await server.owner.send(new ListMultipartUploadsCommand({ Bucket: options.bucket }));
  assert.deepEqual(Uploads, []);
});

test('a listing of more than a page is whole and in order', async () => {
  await withStore(await server.bucket(), async (store) => {
    const keys = Array.from({ length: 1_003 }, (_, index) => `many/${String(index).padStart(5, '0')}`);
    for (let from = 0; from < keys.length; from += 50)
      await Promise.all(keys.slice(from, from + 50).map((key) => store.put(key, body('x'))));
    assert.deepEqual(
      (await store.list('many/')).map(({ key }) => key),
      keys,
    );
  });
});
