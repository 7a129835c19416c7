import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsIamToken } from '../../app/ingestion/event-log/aws-iam-token.ts';
import { clientOptions, kafkaAccess } from '../../app/ingestion/event-log/kafka-login.ts';

const SCRAM = {
  MILLRACE_LOG_BROKERS: 'one:9093,two:9093',
  MILLRACE_LOG_MECHANISM: 'scram-sha-512',
  MILLRACE_LOG_USER: 'retail-sink',
  MILLRACE_LOG_PASSWORD_FILE: '/run/secrets/retail-sink/password',
  MILLRACE_LOG_CA_FILE: '/run/secrets/retail-sink/ca.crt',
};
const MSK = 'b-1.millrace.x1y2z3.c3.kafka.eu-central-1.amazonaws.com:9098';

test('the settings of a workload give its login by name and password', () => {
  assert.deepEqual(kafkaAccess(SCRAM), {
    brokers: ['one:9093', 'two:9093'],
    caFile: '/run/secrets/retail-sink/ca.crt',
    login: { mechanism: 'scram-sha-512', user: 'retail-sink', passwordFile: '/run/secrets/retail-sink/password' },
  });
  assert.throws(() => kafkaAccess({ MILLRACE_LOG_BROKERS: 'one:9093' }), {
    code: 'MR_SETTINGS_INVALID',
    field: 'MILLRACE_LOG_USER, MILLRACE_LOG_PASSWORD_FILE',
  });
});

test('on MSK a workload enters by its identity, in the region that the brokers are of', () => {
  const on = (broker: string) => kafkaAccess({ MILLRACE_LOG_BROKERS: broker, MILLRACE_LOG_MECHANISM: 'aws-iam' });
  assert.deepEqual(on(`${MSK},${MSK.replace('b-1', 'b-2')}`).login, { mechanism: 'aws-iam', region: 'eu-central-1' });
  const serverless = 'boot-x1.c1.kafka-serverless.us-west-2.amazonaws.com:9098';
  assert.deepEqual(on(serverless).login, { mechanism: 'aws-iam', region: 'us-west-2' });
  assert.throws(() => on('kafka.ingestion.svc:9093'), { code: 'MR_INGESTION_LOG_LOGIN', field: 'MILLRACE_LOG_BROKERS' });
  const { sasl, tls } = clientOptions(on(MSK));
  assert.equal(sasl?.mechanism, 'OAUTHBEARER');
  assert.equal(typeof sasl?.token, 'function');
  assert.deepEqual(tls, {}, "TLS by Node's own authorities");
});

// Made by AWS's own aws-msk-iam-sasl-signer-js 1.0.3 for these credentials at this moment.
const SIGNATURES = {
  'a user': { session: undefined, signature: '791795a937d2b95a7a2d2f06d9b22c678bbcea080e998eff214d4e76c0bd2de1' },
  'a role': { session: 'a/session+token==', signature: 'b960fcea92b8676005cc63691ca87f617d0125bbf50fd906fcc63d86794ea10c' },
};

for (const [who, { session, signature }] of Object.entries(SIGNATURES)) {
  test(`the token of ${who} is the one that AWS's own signer makes`, async () => {
    const credentials = {
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      ...(session !== undefined && { sessionToken: session }),
    };
    const token = await awsIamToken('eu-central-1', async () => credentials, new Date('2026-11-28T01:00:00Z'));
    assert.match(token, /^[\w-]+$/);
    const url = new URL(Buffer.from(token, 'base64url').toString());
    assert.equal(url.origin, 'https://kafka.eu-central-1.amazonaws.com');
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      Action: 'kafka-cluster:Connect',
      'User-Agent': 'millrace',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIDEXAMPLE/20261128/eu-central-1/kafka-cluster/aws4_request',
      'X-Amz-Date': '20261128T010000Z',
      'X-Amz-Expires': '900',
      ...(session !== undefined && { 'X-Amz-Security-Token': session }),
      'X-Amz-Signature': signature,
      'X-Amz-SignedHeaders': 'host',
    });
  });
}

test('a token is valid no longer than the credentials that sign it', async () => {
  const now = new Date('2026-11-28T01:00:00Z');
  const expiration = new Date(now.getTime() + 90_500);
  const token = await awsIamToken('eu-central-1', async () => ({ accessKeyId: 'a', secretAccessKey: 'b', expiration }), now);
  assert.equal(new URL(Buffer.from(token, 'base64url').toString()).searchParams.get('X-Amz-Expires'), '90');
});
