import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadUseCases, readDials } from '../../constructs/environments.ts';
import { deployFoundation } from '../../stacks/program.ts';
import { deploy } from '../constructs/aws-account.ts';

const dials = await readDials('prod');
const usecases = await loadUseCases();
const registered = await deploy(() => void deployFoundation(dials, usecases));
const of = (type: RegExp) => registered.filter((one) => type.test(one.type));

test('each operator is installed into a namespace that the stack makes, and that goes after it', () => {
  const releases = of(/^kubernetes:helm.sh/);
  assert.ok(releases.length > 5);
  for (const { name, inputs, dependencies } of releases) {
    assert.equal(inputs.createNamespace, false, name);
    if (inputs.namespace === 'kube-system') continue;
    const namespace = `kubernetes:core/v1:Namespace operators/Namespace/${inputs.namespace}`;
    assert.ok(dependencies.includes(namespace), `${name}: ${dependencies}`);
  }
});

test('the cluster’s API is asked when there are nodes with a way out and the right to ask, and they outlive what was asked', () => {
  const [provider] = of(/^pulumi:providers:kubernetes$/);
  const waits = (provider?.dependencies ?? []).map((dependency) => dependency.split('$').at(-1));
  for (const kind of ['eks/accessEntry', 'eks/accessPolicyAssociation', 'eks/nodeGroup', 'eks/addon', 'ec2/route']) {
    const all = of(new RegExp(`^aws:${kind}:`));
    assert.ok(all.length > 0, kind);
    for (const { type, name } of all) assert.ok(waits.includes(`${type} ${name}`), `${type} ${name}`);
  }
});
