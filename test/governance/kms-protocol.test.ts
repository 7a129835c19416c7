import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { test as run } from 'node:test';
import { inspect } from 'node:util';
import type { GateSigner } from '../../app/governance/keys/gate-signer.ts';
import { openKmsSigner } from '../../app/governance/keys/kms-signer.ts';
import { openKmsWrapper } from '../../app/governance/keys/kms-wrapper.ts';
import type { KeyWrapper } from '../../app/governance/keys/wrapper.ts';
import { type KmsProtocol, type Mood, speakKms } from './kms-protocol.ts';
import { refused } from './refused.ts';

const KEY = 'arn:aws:kms:eu-test-1:123456789012:key/signing';
const CALLER = {
  AWS_ACCESS_KEY_ID: 'gate',
  AWS_SECRET_ACCESS_KEY: 'gate-secret-1234567890',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
  AWS_CONFIG_FILE: '/nonexistent/config',
};

interface Ground {
  readonly kms: KmsProtocol;
  readonly signer: GateSigner;
  readonly wrapper: KeyWrapper;
}

/** A test of what is asked and how answers are read: the other side is a server of ours that speaks KMS's protocol, not KMS. */
const test = (name: string, body: (ground: Ground) => Promise<void>) =>
  run(`over KMS's protocol, without KMS: ${name}`, async () => {
    const kms = await speakKms();
    const options = {
      keyId: KEY,
      endpoint: kms.endpoint,
      patience: { connectMs: 1_000, silenceMs: 300 },
      attempts: 2,
    };
    const signer = openKmsSigner(options);
    const wrapper = openKmsWrapper(options);
    Object.assign(process.env, CALLER);
    try {
      await body({ kms, signer, wrapper });
    } finally {
      for (const variable of Object.keys(CALLER)) delete process.env[variable];
      signer.close();
      wrapper.close();
      await kms.close();
    }
  });

test('a signature is plain Ed25519 over the bytes, by the key that its id names', async ({ kms, signer }) => {
  const pem = await signer.verifyKey();
  const open = createPublicKey(pem);
  const der = open.export({ type: 'spki', format: 'der' });
  for (const bytes of [Buffer.from('a verdict'), randomBytes(1), randomBytes(4_096)]) {
    const { keyId, value } = await signer.sign(bytes);
    assert.equal(keyId, createHash('sha256').update(der).digest('hex').slice(0, 16));
    assert.ok(verify(null, bytes, open, Buffer.from(value, 'base64')));
  }
  assert.match(pem, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.deepEqual(
    kms.seen.map(({ operation }) => operation),
    ['GetPublicKey', 'Sign', 'Sign', 'Sign'],
  );
});

test('the region is the one that the ARN names', async ({ kms, signer }) => {
  await signer.verifyKey();
  assert.equal(kms.seen[0]?.scope, 'eu-test-1/kms');
});

test('nothing, and more than 4,096 bytes, are refused before KMS is asked', async ({ kms, signer }) => {
  for (const size of [0, 4_097]) {
    const { code, value } = await refused(() => signer.sign(Buffer.alloc(size)));
    assert.deepEqual([code, value], ['MR_GOVERNANCE_KEYS_MESSAGE_SIZE', size]);
  }
  assert.deepEqual(kms.seen, []);
});

test('a signature that its public key does not hold up is not handed on, and a turned key is asked for anew', async ({
  kms,
  signer,
}) => {
  const bytes = Buffer.from('a verdict');
  const first = await signer.sign(bytes);
  kms.turn();
  assert.equal((await refused(() => signer.sign(bytes))).code, 'MR_GOVERNANCE_KEYS_UNFIT');
  const later = await signer.sign(bytes);
  assert.notEqual(later.keyId, first.keyId);
  kms.turn('private');
  for (let tries = 0; tries < 2; tries += 1)
    assert.equal((await refused(() => signer.sign(bytes))).code, 'MR_GOVERNANCE_KEYS_UNFIT');
});

const MOODS: readonly (readonly [string, Mood, string])[] = [
  ['who may not', { fault: 'AccessDeniedException', message: 'not authorized to perform it' }, 'MR_GOVERNANCE_KEYS_DENIED'],
  ['whom nobody knows', { fault: 'UnrecognizedClientException', message: 'no such token' }, 'MR_GOVERNANCE_KEYS_DENIED'],
  ['a key that is disabled', { fault: 'DisabledException' }, 'MR_GOVERNANCE_KEYS_DISABLED'],
  ['a key that is about to go', { fault: 'KMSInvalidStateException' }, 'MR_GOVERNANCE_KEYS_DISABLED'],
  ['too many requests', { fault: 'ThrottlingException', message: 'slow down' }, 'MR_GOVERNANCE_KEYS_UNREACHABLE'],
  ['an outage', { fault: 'KMSInternalException', status: 500 }, 'MR_GOVERNANCE_KEYS_UNREACHABLE'],
  ['silence', 'silent', 'MR_GOVERNANCE_KEYS_UNREACHABLE'],
];
for (const [name, mood, expected] of MOODS) {
  test(`${name}: said by the wrapper and the signer alike, within their time`, async ({ kms, signer, wrapper }) => {
    kms.be(mood);
    const begun = performance.now();
    for (const act of [
      () => wrapper.wrap(randomBytes(32)),
      () => wrapper.unwrap(randomBytes(99)),
      () => signer.sign(Buffer.from('x')),
    ]) {
      const asked = kms.seen.length;
      const { code, value, cause } = await refused(act);
      assert.deepEqual([code, value, cause], [expected, KEY, undefined]);
      assert.equal(kms.seen.length - asked, expected === 'MR_GOVERNANCE_KEYS_UNREACHABLE' ? 2 : 1, 'how often it was asked');
    }
    assert.ok(performance.now() - begun < 8_000);
    kms.be(undefined);
    assert.match((await signer.sign(Buffer.from('x'))).keyId, /^[0-9a-f]{16}$/);
  });
}

test('what a fault repeats of the request is not told on', async ({ kms, wrapper }) => {
  kms.be({ fault: 'ValidationException', message: "Value 'c2VjcmV0' at 'plaintext' is too long" });
  const fault = await refused(() => wrapper.wrap(randomBytes(32)));
  assert.doesNotMatch(inspect(fault, { depth: null }), /c2VjcmV0/);
});
