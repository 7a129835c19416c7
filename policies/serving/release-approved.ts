import type { UnitSnapshot } from '../../app/registry/snapshot.ts';
import { FALLBACK } from '../../app/usecases/annotations.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import { containersIn, serving, usecaseOf, volumesOf, word, wordPath } from '../read.ts';
import { knownUnit } from '../registry-state.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

const { verifyKey, releaseUnit } = MODEL_ENVIRONMENT;

export const releaseApproved: StackRule = {
  id: 'M02',
  name: 'serving-release-approved',
  layer: 'serving',
  severity: 'mandatory',
  title: 'Only approved, gated and signed models load; the verifier key is mounted, not fetched',
  control: ['OWASP ML06', 'OWASP ML10', 'ATLAS AML.T0010'],
  reason: 'Weights that nobody signed off, or that someone changed since, must not answer anyone.',
  remediation:
    'Gate and approve the release with the image that will serve it, write a new snapshot (`millrace registry snapshot`), pin its digest, and set `verifyKey` on serving.',
  kinds: ['kubernetes:apps/v1:Deployment'],
  unknown: 'refuse',
  checkStack: (resources, context) =>
    serving(resources).flatMap((deployment) => [...ofKey(deployment), ...ofRelease(deployment, context)]),
};

function ofRelease(deployment: Resource, context: Context): readonly Violation[] {
  const unitId = word(deployment, MODEL.releaseUnit);
  const at = wordPath(deployment, MODEL.releaseUnit);
  const fault = (found: unknown, expected: string, property = at) =>
    violation(releaseApproved, deployment, { property, found, expected });
  const set = containersIn(deployment).flatMap(({ env, path }) =>
    releaseUnit in env ? [{ path, value: env[releaseUnit] }] : [],
  );
  const differs =
    set.length > 0 && set.every(({ value }) => value === unitId)
      ? []
      : [
          fault(
            set[0]?.value,
            `${releaseUnit} with the text of the annotation, ${unitId}`,
            set[0] === undefined ? at : `${set[0].path}.env`,
          ),
        ];
  if (unitId === 'none')
    return [
      ...differs,
      ...((word(deployment, FALLBACK) ?? '') === '' ? [fault('none', 'a fallback beside it, for there is no model yet')] : []),
    ];
  if (unitId === undefined || !/^[0-9a-f]{64}$/.test(unitId))
    return [fault(unitId, 'the unit id of a release (64 hex digits), or none')];
  const unit = knownUnit(context.registry, unitId);
  if (typeof unit === 'string') return [...differs, fault(unitId, `a release that the registry's snapshot knows, but ${unit}`)];
  return [
    ...differs,
    ...faultsOf(unit).map(([found, expected]) => fault(found, expected)),
    ...ofUse(deployment, unit),
    ...ofImage(deployment, unit),
  ];
}

/** What keeps a unit from serving, as found and expected. */
export function faultsOf(unit: UnitSnapshot): readonly (readonly [string, string])[] {
  const { state, signed, whole, gate, approvals } = unit;
  const approved = state === 'approved' && approvals.some((approval) => approval.signed && approval.counts);
  const unsigned = approvals.filter((approval) => !approval.signed).map(({ approver }) => approver);
  return [
    ...(unit.revoked ? ([[`version ${unit.version}, revoked`, 'a release that was not revoked']] as const) : []),
    ...(signed ? [] : ([['a release whose signature does not hold', 'a manifest signed by the registry']] as const)),
    ...(whole ? [] : ([['a release with a changed or missing file', 'every file as released']] as const)),
    ...(gate === null ? ([['a release that was never judged', 'a release that passed the gate']] as const) : []),
    ...(gate !== null && !gate.passed ? ([['a release that the gate refused', 'a release that passed the gate']] as const) : []),
    ...(gate !== null && !gate.signed
      ? ([['a verdict whose signature does not hold', 'a verdict signed by the gate']] as const)
      : []),
    ...(unsigned.length > 0
      ? ([[`an approval by ${unsigned.join(', ')} whose signature does not hold`, 'signed approvals']] as const)
      : []),
    ...(approved || unit.revoked
      ? []
      : ([[`version ${unit.version}, ${state}`, 'an approval by someone other than the author']] as const)),
  ];
}

function ofUse(deployment: Resource, { usecase }: UnitSnapshot): readonly Violation[] {
  if (usecaseOf(deployment) === usecase) return [];
  const property = wordPath(deployment, MODEL.releaseUnit);
  return [
    violation(releaseApproved, deployment, {
      property,
      found: `a release of ${usecase}`,
      expected: `one of ${usecaseOf(deployment)}`,
    }),
  ];
}

/** What was expected of the image that serves a unit: it is the one that was gated. Undefined where it is. */
export function imageFault({ imageDigest }: Pick<UnitSnapshot, 'imageDigest'>, image: unknown): string | undefined {
  if (imageDigest === 'none') return 'a release that was gated in the image that serves it; this one was gated outside of any';
  if (typeof image === 'string' && image.endsWith(`@${imageDigest}`)) return undefined;
  return `the image that the release was gated with, @${imageDigest}`;
}

const ofImage = (deployment: Resource, unit: UnitSnapshot): readonly Violation[] =>
  containersIn(deployment)
    .filter(({ env }) => releaseUnit in env)
    .flatMap(({ image, path }) => {
      const expected = imageFault(unit, image);
      if (expected === undefined) return [];
      return [violation(releaseApproved, deployment, { property: `${path}.image`, found: image, expected })];
    });

/** The key that checks signatures lies in a read-only mount of a Secret or ConfigMap. */
function ofKey(deployment: Resource): readonly Violation[] {
  const sources = new Set(
    volumesOf(deployment)
      .filter((volume) => 'secret' in volume || 'configMap' in volume || 'projected' in volume)
      .map(({ name }) => name),
  );
  const containers = containersIn(deployment).filter(({ env }) => verifyKey in env);
  const fault = (property: string, found: unknown) =>
    violation(releaseApproved, deployment, {
      property,
      found,
      expected: `${verifyKey} with a path inside a read-only mount of a Secret or ConfigMap`,
    });
  if (containers.length === 0) return [fault('', undefined)];
  return containers.flatMap(({ env, mounts, path }) => {
    const file = String(env[verifyKey]);
    const mounted = mounts.some(
      ({ name, mountPath, readOnly }) =>
        sources.has(name) && readOnly === true && (file === mountPath || file.startsWith(`${mountPath}/`)),
    );
    return mounted ? [] : [fault(`${path}.env`, env[verifyKey])];
  });
}
