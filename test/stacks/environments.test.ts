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
    const open = held.flatMap(({ type, name: of, props }) => openSecrets(props).map((path) => `${type} ${of}: ${path}`));
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

const NAMED_SECRET = /(password|secret|token|private-?key|passphrase)$/i;
/** Texts that look like a credential: a long random word under a name that says so. */
function openSecrets(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'string')
    return NAMED_SECRET.test(path) && /^[A-Za-z0-9+/_=-]{20,}$/.test(value) && !/^arn:|\{\{/.test(value) ? [path] : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => openSecrets(inner, path === '' ? key : `${path}.${key}`));
}
