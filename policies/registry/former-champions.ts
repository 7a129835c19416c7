import type { ModelSnapshot } from '../../app/registry/snapshot.ts';
import { MODEL } from '../../app/usecases/model-annotations.ts';
import { whole } from '../amounts.ts';
import { at, ofKind, serving, word, wordPath } from '../read.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { servedUnits } from '../served-unit.ts';
import { violation } from '../violation.ts';

const LEAST = 2;
const RELEASES = 'releases/';

export const formerChampions: StackRule = {
  id: 'M10',
  name: 'registry-former-champions',
  layer: 'registry',
  severity: 'mandatory',
  title: 'At least two former champions are kept and loadable',
  control: ['SOC 2 A1.2'],
  reason: 'A way back must be there before it is needed.',
  remediation: 'Set `keepChampions: 2`, keep releases out of lifecycle rules, and restore the files that are missing.',
  kinds: ['kubernetes:apps/v1:Deployment', 'aws:s3/*'],
  checkStack: (resources, context) => [
    ...serving(resources).flatMap(declared),
    ...ofKind(resources, 'BucketLifecycleConfiguration').flatMap(expiring),
    ...kept(resources, context),
  ],
};

function declared(deployment: Resource): readonly Violation[] {
  const found = word(deployment, MODEL.keepChampions);
  return (whole(found) ?? 0) >= LEAST
    ? []
    : [
        violation(formerChampions, deployment, {
          property: wordPath(deployment, MODEL.keepChampions),
          found,
          expected: `${LEAST} or more`,
        }),
      ];
}

/** A rule that lets current objects under `releases/` expire. Former versions of an object may. */
function expiring(lifecycle: Resource): readonly Violation[] {
  const rules = at(lifecycle, 'rules');
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: Record<string, unknown>, index) => {
    const filter = (rule['filter'] as Record<string, unknown> | undefined) ?? {};
    const all = (filter['and'] as Record<string, unknown> | undefined) ?? {};
    const prefix = String(filter['prefix'] ?? all['prefix'] ?? rule['prefix'] ?? '');
    const expires = rule['expiration'] !== undefined && rule['status'] !== 'Disabled';
    const covers = RELEASES.startsWith(prefix) || prefix.startsWith(RELEASES);
    if (!expires || !covers) return [];
    return [
      violation(formerChampions, lifecycle, {
        property: `rules[${index}].expiration`,
        found: rule['expiration'],
        expected: `none over ${RELEASES}; the filter's prefix is '${prefix}'`,
      }),
    ];
  });
}

/** Of those that were, two can serve again; a young model that had fewer needs all of them. */
const kept = (resources: readonly Resource[], context: Context): readonly Violation[] =>
  servedUnits(resources, context).flatMap(({ deployment, unit, property }) => {
    const state = context.registry;
    const model = state !== undefined && 'snapshot' in state ? state.snapshot.models[unit.model] : undefined;
    if (model === undefined) return [];
    const ready = loadable(model);
    const wanted = Math.min(LEAST, model.formerChampions.length);
    return ready >= wanted
      ? []
      : [
          violation(formerChampions, deployment, {
            property,
            found: `${ready} of ${model.formerChampions.length} former champions loadable`,
            expected: `${wanted} that are approved, whole and signed`,
          }),
        ];
  });

const loadable = ({ formerChampions: former, versions }: ModelSnapshot): number =>
  versions.filter(
    ({ version, state, whole: files, signed, revoked }) =>
      former.includes(version) && state === 'approved' && files && signed && !revoked,
  ).length;
