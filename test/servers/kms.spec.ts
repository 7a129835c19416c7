import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { DecryptCommand, DisableKeyCommand, EncryptCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import type { KmsOptions } from '../../app/governance/keys/kms-client.ts';
import { openKmsSigner } from '../../app/governance/keys/kms-signer.ts';
import { openKmsWrapper } from '../../app/governance/keys/kms-wrapper.ts';
import type { KeyWrapper } from '../../app/governance/keys/wrapper.ts';
import { refused } from '../governance/refused.ts';
import { type KmsServer, startKms } from './kms.ts';
import { openIdentityAgent } from './s3-path.ts';

const NOBODY = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
  AWS_CONFIG_FILE: '/nonexistent/config',
} as const;
const SOMEBODY = { AWS_ACCESS_KEY_ID: 'workload', AWS_SECRET_ACCESS_KEY: 'workload-secret-1234567890' } as const;

/** Runs it with these variables of the environment, and takes them away again. */
async function under(variables: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
  try {
    Object.assign(process.env, variables);
    await work();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

let server: KmsServer;
before(async () => {
  server = await startKms();
});
after(() => server.stop());

const soon = { patience: { connectMs: 1_000, silenceMs: 1_000 }, attempts: 2 };

async function wrapping(options: Omit<KmsOptions, 'endpoint'>, work: (wrapper: KeyWrapper) => Promise<void>): Promise<void> {
  const wrapper = openKmsWrapper({ ...options, ...soon, endpoint: server.endpoint });
  await under({ ...NOBODY, ...SOMEBODY }, () => work(wrapper)).finally(() => wrapper.close());
}

test('what is wrapped opens again for another process, and each wrap of it is another', async () => {
  const keyId = await server.key();
  const master = randomBytes(32);
  const wrapped: Buffer[] = [];
  await wrapping({ keyId }, async (wrapper) => {
    wrapped.push(await wrapper.wrap(master), await wrapper.wrap(master));
  });
  const [first, second] = wrapped as [Buffer, Buffer];
  assert.ok(!first.equals(second) && !first.includes(master));
  await server.kill();
  await server.start();
  await wrapping({ keyId }, async (wrapper) => {
    assert.deepEqual(await wrapper.unwrap(first), master);
    assert.deepEqual(await wrapper.unwrap(second), master);
  });
});

test('what is wrapped opens under its context alone, and nothing else under the same key opens as a master key', async () => {
  const KeyId = await server.key();
  const master = randomBytes(32);
  const { CiphertextBlob: other } = await server.owner.send(new EncryptCommand({ KeyId, Plaintext: master }));
  await wrapping({ keyId: KeyId }, async (wrapper) => {
    const wrapped = await wrapper.wrap(master);
    const decrypt = (EncryptionContext?: Record<string, string>) =>
      server.owner.send(new DecryptCommand({ KeyId, CiphertextBlob: wrapped, ...(EncryptionContext && { EncryptionContext }) }));
    const { Plaintext } = await decrypt({ millrace: 'master-key' });
    assert.deepEqual(Buffer.from(Plaintext ?? []), master);
    await assert.rejects(decrypt(), { name: 'InvalidCiphertextException' });
    const fault = await refused(() => wrapper.unwrap(Buffer.from(other ?? [])));
    assert.equal(fault.code, 'MR_GOVERNANCE_KEYS_UNREADABLE');
  });
});

test('under another key, changed, cut or empty it does not open, and the setting is named', async () => {
  const [keyId, another] = [await server.key(), await server.key()];
  const wrapped: Buffer[] = [];
  await wrapping({ keyId: another }, async (wrapper) => {
    wrapped.push(await wrapper.wrap(randomBytes(32)));
  });
  await wrapping({ keyId }, async (wrapper) => {
    const own = await wrapper.wrap(randomBytes(32));
    const changed = Buffer.from(own);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    for (const broken of [...wrapped, changed, own.subarray(0, -1), Buffer.alloc(0)]) {
      const { code, field, value } = await refused(() => wrapper.unwrap(broken));
      assert.deepEqual([code, field, value], ['MR_GOVERNANCE_KEYS_UNREADABLE', 'MILLRACE_KEYS_KMS_KEY', keyId]);
    }
  });
});

test('a key that is disabled, waits for its deletion or is not there is told from one that refuses', async () => {
  const [disabled, deleted] = [await server.key(), await server.key()];
  await server.owner.send(new DisableKeyCommand({ KeyId: disabled }));
  await server.owner.send(new ScheduleKeyDeletionCommand({ KeyId: deleted, PendingWindowInDays: 7 }));
  const gone = disabled.replace(/[0-9a-f-]{36}$/, '00000000-0000-4000-8000-000000000000');
  for (const keyId of [disabled, deleted, gone]) {
    await wrapping({ keyId }, async (wrapper) => {
      const { code, value, kind } = await refused(() => wrapper.wrap(randomBytes(32)));
      assert.deepEqual([code, value], ['MR_GOVERNANCE_KEYS_DISABLED', keyId]);
      assert.match(kind.next, /aws kms enable-key/);
    });
  }
});

test('a pod asks as the identity that its agent gives it, and who has none is told so', async () => {
  const keyId = await server.key();
  const agent = await openIdentityAgent('token-of-the-pod', { accessKeyId: 'pod', secretAccessKey: 'pod-secret-1234567890' });
  const pod = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: agent.url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: server.file('token-of-the-pod'),
  };
  const wrapper = openKmsWrapper({ keyId, ...soon, endpoint: server.endpoint });
  const nobody = openKmsWrapper({ keyId, ...soon, endpoint: server.endpoint });
  try {
    await under({ ...NOBODY, ...pod }, async () => {
      const master = randomBytes(32);
      assert.deepEqual(await wrapper.unwrap(await wrapper.wrap(master)), master);
      assert.equal(agent.asked(), 1);
    });
    await under(NOBODY, async () => {
      assert.equal((await refused(() => nobody.wrap(randomBytes(32)))).code, 'MR_GOVERNANCE_KEYS_DENIED');
    });
  } finally {
    wrapper.close();
    nobody.close();
    await agent.close();
  }
});

test('a server that was killed is said to be unreachable, and the same wrapper goes on once it is back', async () => {
  await wrapping({ keyId: await server.key() }, async (wrapper) => {
    const master = randomBytes(32);
    const wrapped = await wrapper.wrap(master);
    await server.kill();
    const begun = performance.now();
    assert.equal((await refused(() => wrapper.unwrap(wrapped))).code, 'MR_GOVERNANCE_KEYS_UNREACHABLE');
    assert.ok(performance.now() - begun < 5_000);
    await server.start();
    assert.deepEqual(await wrapper.unwrap(wrapped), master);
  });
});

test('a key that cannot wrap and one that cannot sign by Ed25519 are refused, each by its setting', async () => {
  const pair = await server.key({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  await wrapping({ keyId: pair }, async (wrapper) => {
    const { code, field } = await refused(() => wrapper.wrap(randomBytes(32)));
    assert.deepEqual([code, field], ['MR_GOVERNANCE_KEYS_UNFIT', 'MILLRACE_KEYS_KMS_KEY']);
  });
  for (const keyId of [pair, await server.key()]) {
    const signer = openKmsSigner({ keyId, ...soon, endpoint: server.endpoint });
    await under({ ...NOBODY, ...SOMEBODY }, async () => {
      for (const act of [() => signer.sign(Buffer.from('a verdict')), () => signer.verifyKey()]) {
        const { code, field } = await refused(act);
        assert.deepEqual([code, field], ['MR_GOVERNANCE_KEYS_UNFIT', 'MILLRACE_KEYS_SIGNING_KMS_KEY']);
      }
    }).finally(() => signer.close());
  }
});
