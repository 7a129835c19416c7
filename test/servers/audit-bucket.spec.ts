import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { openS3Objects } from '../../app/lake/object-store/s3.ts';
import { auditWorkload } from '../../app/platform-workloads.ts';
import { openRuntime } from '../../app/runtime.ts';
import { act, auditSinkContract } from '../contracts/audit-sink.ts';
import { bucketAuditGround } from '../governance/audit-ground.ts';
import { grantedOn } from './s3-grants.ts';
import { type S3Server, startS3 } from './versitygw.ts';

let server: S3Server;
before(async () => {
  server = await startS3();
});
after(() => server.stop());

auditSinkContract('bucket with object lock', async () => {
  const options = await server.bucket({ objectLock: true });
  return bucketAuditGround(() => openS3Objects(options));
});

test('what was written is locked: no version goes, and a version put over it breaks the log', async () => {
  const options = await server.bucket({ objectLock: true });
  const Bucket = options.bucket;
  const ground = await bucketAuditGround(() => openS3Objects(options));
  try {
    const sink = await ground.open();
    for (let number = 0; number < 3; number += 1) await sink.append(act(number));
    const versions = async () => (await server.owner.send(new ListObjectVersionsCommand({ Bucket }))).Versions ?? [];
    const written = await versions();
    assert.equal(written.length, 6);
    for (const { Key, VersionId } of written) {
      const remove = server.owner.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }));
      await assert.rejects(remove, { name: 'AccessDenied' });
    }
    assert.equal((await sink.verify()).verified, true);

    const Key = written.find((version) => version.Key?.startsWith('records/'))?.Key ?? '';
    const line = Buffer.from(await (await openS3Objects(options)).get(Key));
    await server.owner.send(new PutObjectCommand({ Bucket, Key, Body: line.toString().replace('release-manager', 'nobody') }));
    const verdict = await sink.verify();
    assert.ok(!verdict.verified && verdict.brokenAt === 0, JSON.stringify(verdict));
    await assert.rejects(sink.append(act(9)), { code: 'MR_GOVERNANCE_AUDIT_BROKEN' });
    const kept = (await versions()).filter((version) => version.Key === Key);
    assert.equal(kept.length, 2, 'the first one is still there to be compared');
  } finally {
    await ground.end();
  }
});

test('whoever may only read the log verifies it and adds nothing; who may write it can take nothing away', async () => {
  const options = await server.bucket({ objectLock: true });
  const ground = await bucketAuditGround(() => openS3Objects(options));
  try {
    await (await ground.open()).append(act(1));
    const as = async (declaration: Parameters<typeof grantedOn>[0]) => {
      const { name, ...keys } = server.user();
      await server.allow(options.bucket, await grantedOn(declaration, { audit: options.bucket }, name));
      const objects = await openS3Objects({ ...options, ...keys });
      return { objects, sink: await ground.openOn(objects) };
    };
    const reader = await as(auditWorkload);
    assert.equal((await reader.sink.verify()).verified, true);
    assert.equal((await reader.sink.read()).length, 1);
    await assert.rejects(reader.sink.append(act(2)), { code: 'MR_LAKE_STORE_REFUSED' });

    const writer = await as({ layer: 'delivery', reads: [], writes: [{ store: 'audit' }] });
    assert.equal((await writer.sink.append(act(2))).index, 1);
    const [object] = await writer.objects.list('records/');
    await assert.rejects(writer.objects.delete(object?.key ?? ''), { code: 'MR_LAKE_STORE_REFUSED' });
    assert.deepEqual([(await writer.sink.verify()).verified, await writer.sink.size()], [true, 2]);
  } finally {
    await ground.end();
  }
});

test('a server that goes away fails the act with a name, and the log is whole when it is back', async () => {
  const options = await server.bucket({ objectLock: true });
  const ground = await bucketAuditGround(() =>
    openS3Objects({ ...options, attempts: 2, patience: { connectMs: 500, silenceMs: 1_000 } }),
  );
  try {
    const sink = await ground.open();
    await sink.append(act(1));
    await server.kill();
    await assert.rejects(sink.append(act(2)), { code: 'MR_LAKE_STORE_UNREACHABLE' });
    await server.start();
    assert.equal((await sink.append(act(3))).index, 1);
    assert.equal((await sink.verify()).verified, true);
  } finally {
    await ground.end();
  }
});

test('the settings of a pod open it', async () => {
  const {
    bucket,
    region,
    endpoint = '',
    caFile = '',
    accessKeyFile = '',
    secretKeyFile = '',
  } = await server.bucket({ objectLock: true });
  const environment = {
    MILLRACE_AUDIT_BUCKET: bucket,
    MILLRACE_OBJECTS_REGION: region,
    MILLRACE_OBJECTS_ENDPOINT: endpoint,
    MILLRACE_OBJECTS_CA_FILE: caFile,
    MILLRACE_OBJECTS_ACCESS_KEY_FILE: accessKeyFile,
    MILLRACE_OBJECTS_SECRET_KEY_FILE: secretKeyFile,
  };
  const runtime = openRuntime({ dataDir: server.folder(), environment });
  try {
    await (await runtime.use('audit')).append(act(1));
    const objects = await openS3Objects(server.opened(bucket));
    assert.equal((await objects.list('records/')).length, 1);
    await objects.close();
  } finally {
    await runtime.close();
  }
});
