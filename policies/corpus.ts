import { join } from 'node:path';
import { PART_OF, PLATFORM } from '../app/usecases/annotations.ts';
import { type Admission, admissionsOf } from './admission.ts';
import { holds } from './evaluate.ts';
import type { Fixture, Fixtures } from './fixture.ts';
import { levelOf } from './judge.ts';
import { apiKind } from './kinds.ts';
import { appliesTo, type Context, type Rule } from './rule.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

type KubernetesObject = Readonly<Record<string, unknown>>;

/** One object and what the rules say of it, to be said by the API server as well. */
export interface CorpusEntry {
  readonly title: string;
  readonly object: KubernetesObject;
  /** Ids of the rules that deny it; none: it is admitted. */
  readonly denied: readonly string[];
  /** Ids of the rules that only warn of it. */
  readonly warned: readonly string[];
}

/** Objects that are judged under one set of settings, and the policies made from these. */
export interface CorpusGroup {
  readonly settings: string;
  readonly admissions: readonly Admission[];
  readonly entries: readonly CorpusEntry[];
}

/** The resources that a rule is tried on: `policies/<layer>/<rule>.fixtures.ts`. */
export async function fixturesOf({ layer, name }: Rule): Promise<Fixtures> {
  const file = join(import.meta.dirname, layer, `${name.slice(layer.length + 1)}.fixtures.ts`);
  return ((await import(file)) as { readonly fixtures: Fixtures }).fixtures;
}

/**
 * Every object of the fixtures of rules that are also admission policies, once for each set of settings, with the verdict
 * that the predicates give. Fixtures whose fault the API server does not see (`previewOnly`) are left out.
 */
export async function corpus(rules: readonly Rule[]): Promise<readonly CorpusGroup[]> {
  const expressible = rules.filter(({ object }) => object !== undefined);
  const fixtures = (await Promise.all(expressible.map(fixturesOf))).flatMap(({ passing, violating }) => [
    ...passing,
    ...violating,
  ]);
  const groups = new Map<string, { context: Pick<Context, 'environment' | 'config'>; fixtures: Fixture[] }>();
  for (const fixture of fixtures.filter(({ previewOnly }) => previewOnly !== true)) {
    const context = { environment: fixture.environment ?? ('prod' as const), config: { ...DEFAULT_SETTINGS, ...fixture.config } };
    const key = JSON.stringify(context);
    const group = groups.get(key) ?? { context, fixtures: [] };
    group.fixtures.push(fixture);
    groups.set(key, group);
  }
  return [...groups].map(([settings, group]) => ({
    settings,
    admissions: admissionsOf(expressible, group.context),
    entries: entriesOf(expressible, group.fixtures, group.context),
  }));
}

function entriesOf(
  rules: readonly Rule[],
  fixtures: readonly Fixture[],
  context: Pick<Context, 'environment' | 'config'>,
): readonly CorpusEntry[] {
  const seen = new Set<string>();
  return fixtures.flatMap(({ title, resources }) =>
    resources
      .filter(
        ({ type, props }) => apiKind(type) !== undefined && !seen.has(JSON.stringify(props)) && seen.add(JSON.stringify(props)),
      )
      .map(({ type, name, props }): CorpusEntry => {
        const broken = rules.filter(
          (rule) => appliesTo(rule, type) && rule.object !== undefined && !holds(rule.object(context), props),
        );
        const at = (level: 'mandatory' | 'advisory') =>
          broken.filter((rule) => levelOf(rule, context) === level).map(({ id }) => id);
        return { title: `${title} (${name})`, object: owned(props), denied: at('mandatory'), warned: at('advisory') };
      }),
  );
}

/** Objects without a namespace are judged where they carry the platform's label. */
function owned(object: KubernetesObject): KubernetesObject {
  const metadata = object['metadata'] as Readonly<Record<string, unknown>>;
  if (metadata['namespace'] !== undefined) return object;
  const labels = metadata['labels'] as Readonly<Record<string, string>> | undefined;
  return { ...object, metadata: { ...metadata, labels: { ...labels, [PART_OF]: PLATFORM } } };
}
