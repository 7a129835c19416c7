import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Chart } from 'cdk8s';
import { WRAPPED_AS } from '../../app/governance/keys/kms-wrapper.ts';
import { auditWorkload, registryWorkload } from '../../app/platform-workloads.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { workloadPod } from '../../constructs/cluster/workload.ts';
import { settingsEnv } from '../../constructs/settings.ts';
import { PRODUCTION } from './aws-account.ts';
import { deployAll, listOf, ofType, type Statement, statementsOf } from './aws-program.ts';
import { type Manifest, ofKind, site } from './site.ts';

const all = await deployAll(PRODUCTION);
const place = site({ target: 'aws', environment: 'prod' });
const keyArn = (part: string) => `arn:aws:kms:eu-central-1:123456789012:key/${part}`;

/** Each workload with the name of its role. */
const workloads: readonly (readonly [role: string, WorkloadDeclaration])[] = [
  ...workloadsOf(retail).map((one) => [`retail-${one.name}`, one] as const),
  ['registry-service', registryWorkload],
  ['audit-check', auditWorkload],
];

const touchesKeys = ({ reads, writes }: WorkloadDeclaration): boolean =>
  [...reads, ...writes].some(({ store }) => store === 'keys');

/** What the role may do with one key, whatever the statement. */
function onKey(role: string, part: string): readonly Statement[] {
  const policy = ofType(all, 'iam/RolePolicy').find(({ name }) => name === role);
  return policy === undefined
    ? []
    : statementsOf(policy.inputs.policy).filter(({ Resource }) => listOf(Resource).includes(keyArn(part)));
}

test('who touches keys may wrap and open the master key, and nothing else with the key that it lies under', () => {
  const context = Object.fromEntries(Object.entries(WRAPPED_AS).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]));
  for (const [role, declaration] of workloads) {
    const given = onKey(role, 'subjects').map(({ Action, Condition }) => ({ Action, Condition }));
    const own = [{ Action: ['kms:Decrypt', 'kms:Encrypt'], Condition: { StringEquals: context } }];
    assert.deepEqual(given, touchesKeys(declaration) ? own : [], role);
  }
});

test('the gate signs with the key of KMS, others read its public half at most, and no other is told of the key', () => {
  const signing: string[] = [];
  for (const [role, declaration] of workloads) {
    const actions = onKey(role, 'signing').flatMap(({ Action }) => listOf(Action));
    const gate = declaration.layer === 'delivery' && declaration.byPerson !== true;
    if (gate) assert.deepEqual(actions, ['kms:GetPublicKey', 'kms:Sign'], role);
    else
      assert.ok(
        actions.every((action) => action === 'kms:GetPublicKey'),
        role,
      );
    const env = settingsEnv(place, 'retail', declaration);
    assert.equal(env.MILLRACE_KEYS_KMS_KEY, touchesKeys(declaration) ? '{{subjectKey}}' : undefined, role);
    assert.equal(env.MILLRACE_KEYS_SIGNING_KMS_KEY, gate ? '{{signingKey}}' : undefined, role);
    if (env.MILLRACE_KEYS_SIGNING_KMS_KEY !== undefined) signing.push(declaration.name);
    const elsewhere = settingsEnv(site(), 'retail', declaration);
    assert.ok(!Object.keys(elsewhere).some((name) => name.includes('KMS')), role);
  }
  assert.deepEqual(signing, ['gate', 'robustness']);
});

test('who touches keys and no bucket reaches KMS inside the network, once, and who touches neither does not', () => {
  const waysOf = (reads: WorkloadDeclaration['reads']) => {
    const chart = new Chart(new App(), 'one');
    const declaration = { name: 'one', layer: 'ingestion', kind: 'job', command: [], reads, writes: [] } as const;
    workloadPod(chart, {
      site: place,
      usecase: retail,
      declaration,
      resources: { cpu: '1', memory: '1Gi' },
      priority: 'serving',
    });
    const [policy] = ofKind(chart.toJson() as Manifest[], 'NetworkPolicy');
    const egress: readonly { readonly to: unknown; readonly ports: readonly { readonly port: number }[] }[] = policy?.spec.egress;
    return egress.filter(
      ({ to, ports }) => JSON.stringify([to, ports[0]?.port]) === '[[{"ipBlock":{"cidr":"10.60.0.0/16"}}],443]',
    );
  };
  assert.equal(waysOf([{ store: 'keys' }]).length, 1);
  assert.equal(waysOf([{ store: 'keys' }, { store: 'audit' }]).length, 1);
  assert.equal(waysOf([{ store: 'metadata' }]).length, 0);
  const services = ofType(all, 'ec2/VpcEndpoint').map(({ inputs }) => inputs.serviceName);
  assert.ok(services.includes('com.amazonaws.eu-central-1.kms'));
});
