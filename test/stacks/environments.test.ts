import assert from 'node:assert/strict';
import { test } from 'node:test';
import { USECASE } from '../../app/usecases/annotations.ts';
import { fraud } from '../../app/usecases/fraud/usecase.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { environments, loadUseCases, readDials } from '../../constructs/environments.ts';
import { RULES } from '../../policies/catalogue.ts';
import { contextOf } from '../../policies/context.ts';
import { judgeStack } from '../../policies/judge.ts';
import type { Resource } from '../../policies/rule.ts';
import { openSecrets } from './open-secrets.ts';
import { record } from './recorded.ts';

/** Those whose resources were reviewed: one that somebody adds is held to the rules, and changes nothing of these. */
const reviewed = [fraud, retail];
const all = await loadUseCases();
const added = all.filter(({ name }) => reviewed.every((one) => one.name !== name));

interface Recorded {
  readonly reviewed: readonly Resource[];
  /** With the added use cases. */
  readonly all: readonly Resource[];
}
const recorded = new Map<string, Recorded>();
for (const name of await environments()) {
  const started = performance.now();
  const dials = await readDials(name);
  const resources = await record(dials, reviewed);
  recorded.set(name, { reviewed: resources, all: added.length === 0 ? resources : await record(dials, all) });
  process.stdout.write(`# ${name}: ${resources.length} resources in ${Math.round(performance.now() - started)} ms\n`);
}

const labelsOf = ({ props }: Resource): Readonly<Record<string, string>> =>
  (props.metadata as { labels?: Record<string, string> } | undefined)?.labels ?? {};

/** Which parts of a program a use case may have: exactly these go with its folder. */
const isOf = (usecase: string) => (resource: Resource) =>
  labelsOf(resource)[USECASE] === usecase || resource.name.startsWith(`${usecase}-`) || resource.name.startsWith(`${usecase}.`);

for (const [name, { reviewed: resources, all: held }] of recorded) {
  test(`${name}: what it consists of is what was reviewed`, (t) => {
    t.assert.snapshot(resources.map(({ type, name: of }) => `${type} ${of}`));
  });

  test(`${name}: no rule of the pack is broken`, async () => {
    const { policies } = await readDials(name);
    const findings = judgeStack(RULES, held, contextOf({ stack: name, policies }, new Date()));
    assert.deepEqual(
      findings.map(({ message }) => message),
      [],
    );
  });

  test(`${name}: no secret is written in the open`, () => {
    const open = held.flatMap((resource) => openSecrets(resource).map((path) => `${resource.type} ${resource.name}: ${path}`));
    assert.deepEqual(open, []);
  });

  test(`${name}: a use case that is taken away takes its own and nothing else`, async () => {
    const [gone, ...kept] = reviewed;
    assert.ok(gone !== undefined && kept.length > 0, 'two use cases');
    const without = new Set((await record(await readDials(name), kept)).map(({ urn }) => urn));
    const deleted = resources.filter(({ urn }) => !without.has(urn));
    assert.ok(deleted.length > 50, `${deleted.length} resources`);
    assert.deepEqual(
      deleted.filter((resource) => !isOf(gone.name)(resource)).map(({ urn }) => urn),
      [],
    );
    assert.deepEqual(
      resources.filter((resource) => without.has(resource.urn) && isOf(gone.name)(resource)),
      [],
    );
  });
}

test('a secret in the open is found wherever it may stand', () => {
  const drawn = 'Igq3-s8xrgiqYf7ZLy7CDX1OPgOpmthP2CesYof9';
  const closed = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', value: drawn };
  const cases: readonly (readonly [string, Resource['props'], readonly string[]])[] = [
    ['aws:secretsmanager/secretVersion:SecretVersion', { secretString: closed }, []],
    ['aws:secretsmanager/secretVersion:SecretVersion', { secretString: 'short' }, ['secretString']],
    ['aws:rds/instance:Instance', { masterPassword: drawn }, ['masterPassword']],
    ['aws:x:X', { mode: { passwords: [drawn] } }, ['mode.passwords.0']],
    ['aws:x:X', { policy: JSON.stringify({ token: drawn }) }, ['policy.token']],
    ['kubernetes:core/v1:ConfigMap', { data: { 'a.properties': `user=x\npassword=${drawn}\n` } }, ['data.a.properties']],
    ['kubernetes:core/v1:ConfigMap', { data: { 'tls.key': '-----BEGIN PRIVATE KEY-----\nMC4C' } }, ['data.tls.key']],
    ['kubernetes:apps/v1:Deployment', { volumes: [{ secret: { secretName: 'retail-collector-metadata' } }] }, []],
  ];
  for (const [type, props, expected] of cases) assert.deepEqual(openSecrets({ type, props }), expected, JSON.stringify(props));
});
