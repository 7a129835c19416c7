import { DATA } from '../../app/usecases/data-annotations.ts';
import { MODEL } from '../../app/usecases/model-annotations.ts';
import { pairs } from '../amounts.ts';
import { viewEntries } from '../manifest-data.ts';
import { layerOf, usecaseOf, word, wordPath, workloads } from '../read.ts';
import { knownUnit } from '../registry-state.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

const HASH = /^[0-9a-f]{64}$/;
/** Layers whose workloads compute, learn from or answer with features. */
const LAYERS = ['features', 'training', 'serving'];

export const oneDefinition: StackRule = {
  id: 'D09',
  name: 'features-one-definition',
  layer: 'features',
  severity: 'mandatory',
  title: 'Online and offline store are fed by the same feature definition',
  control: ['OWASP ML08', 'NIST AI RMF MEASURE 2.5'],
  reason: 'Skew between training and serving is the commonest silent failure.',
  remediation: 'Deploy materializer, training and serving from one definition, and a release that was trained on it.',
  kinds: ['kubernetes:*'],
  checkStack: (resources, context) => {
    const views = viewEntries(resources);
    return workloads(resources)
      .filter((workload) => usecaseOf(workload) !== undefined && LAYERS.includes(layerOf(workload) ?? ''))
      .flatMap((workload) => {
        const declared = views.filter(({ usecase }) => usecase === usecaseOf(workload));
        const hashes = Object.fromEntries(
          declared.map(({ document }) => [String(document?.['name']), String(document?.['hash'])]),
        );
        return [...ofWorkload(workload, hashes), ...ofRelease(workload, context)];
      });
  },
};

/** Each workload names views by the hash that the use case's manifest has for them. */
function ofWorkload(workload: Resource, hashes: Readonly<Record<string, string>>): readonly Violation[] {
  const text = word(workload, DATA.featureViews);
  const fault = (found: unknown, expected: string) =>
    violation(oneDefinition, workload, { property: wordPath(workload, DATA.featureViews), found, expected });
  const said = Object.entries(pairs(text));
  if (said.length === 0) return [fault(text, 'each view it uses with the hash of its definition')];
  return said
    .filter(([view, hash]) => !HASH.test(hash) || hashes[view] !== hash)
    .map(([view, hash]) =>
      fault(`${view}=${hash}`, `${view}=${hashes[view] ?? 'the hash in the feature-views manifest, which has none'}`),
    );
}

/** What answers was trained on the views that are served. */
function ofRelease(workload: Resource, { registry }: Context): readonly Violation[] {
  const unitId = word(workload, MODEL.releaseUnit);
  if (layerOf(workload) !== 'serving' || unitId === undefined || unitId === 'none') return [];
  const unit = knownUnit(registry, unitId);
  // An unknown unit is refused by M02, with the reason.
  if (typeof unit === 'string') return [];
  const served = pairs(word(workload, DATA.featureViews));
  return Object.entries(unit.featureViews)
    .filter(([view, hash]) => served[view] !== hash)
    .map(([view, hash]) =>
      violation(oneDefinition, workload, {
        property: wordPath(workload, DATA.featureViews),
        found: `${view}=${served[view] ?? 'missing'}`,
        expected: `${view}=${hash}, which the release was trained on`,
      }),
    );
}
