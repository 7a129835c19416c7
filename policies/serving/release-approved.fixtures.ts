import type { UnitSnapshot } from '../../app/registry/snapshot.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import { alteredIn } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { model, registryWith, released, releasedAs, settingOf, UNIT, unit } from '../model-samples.ts';
import { IMAGE } from '../samples.ts';

const { releaseUnit, verifyKey } = MODEL_ENVIRONMENT;
const POD = ['spec', 'template', 'spec'] as const;

const known = (title: string, change: Partial<UnitSnapshot>): Fixture => ({
  title,
  resources: released,
  registry: registryWith({ ...unit, ...change }),
});
const approval = { approver: 'olga', at: 1, signed: true, counts: true };
const gate = unit.gate ?? undefined;
const otherImage = IMAGE.replace('a'.repeat(64), '7'.repeat(64));
const asked = (resources: Fixture['resources'], title: string): Fixture => ({ title, resources, registry: registryWith() });

export const fixtures: Fixtures = {
  passing: [
    { title: 'an approved release', resources: released, registry: registryWith() },
    { title: 'no release yet, and a fallback', resources: model },
    { title: 'no release yet, beside a registry', resources: model, registry: registryWith() },
    known('approved by two, of whom one may', {
      approvals: [approval, { ...approval, approver: 'workload:trainer', counts: false }],
    }),
  ],
  violating: [
    known('a revoked release', { state: 'revoked', revoked: true }),
    known('a retired release', { state: 'retired' }),
    known('a gated release that nobody approved', { state: 'gated', approvals: [] }),
    known('a release that its author approved', { approvals: [{ ...approval, counts: false }] }),
    known('a forged approval', { approvals: [{ ...approval, signed: false }] }),
    known('a release whose signature does not hold', { signed: false }),
    known('a release with a changed file', { whole: false }),
    known('a release that the gate refused', gate === undefined ? {} : { gate: { ...gate, passed: false } }),
    known('a forged verdict', gate === undefined ? {} : { gate: { ...gate, signed: false } }),
    known('a release that was gated in another image', { imageDigest: `sha256:${'7'.repeat(64)}` }),
    known('a release that was gated on a laptop', { imageDigest: 'none' }),
    asked(releasedAs(UNIT, otherImage), 'another image than the gated one'),
    asked(releasedAs('5'.repeat(64)), 'a release that the registry does not know'),
    asked(releasedAs('champion'), 'a name in place of a unit id'),
    { title: 'a release without a snapshot', resources: released },
    {
      title: 'a snapshot that was tampered with',
      resources: released,
      registry: { fault: 'MR_REGISTRY_SNAPSHOT_SIGNATURE: the snapshot was changed after it was signed' },
    },
    asked(settingOf(released, 'serving', releaseUnit, '5'.repeat(64)), 'a container that loads another release'),
    asked(settingOf(released, 'serving', releaseUnit, undefined), 'a container that is told no release'),
    {
      title: 'no release named',
      resources: alteredIn(model, 'serving', [['metadata', 'annotations', MODEL.releaseUnit], undefined]),
    },
    { title: 'no verify key', resources: settingOf(model, 'serving', verifyKey, undefined) },
    {
      title: 'a verify key that is fetched',
      resources: settingOf(model, 'serving', verifyKey, 'https://keys.example.org/key.pem'),
    },
    { title: 'a verify key of the image', resources: settingOf(model, 'serving', verifyKey, '/app/key.pem') },
    {
      title: 'a verify key that the pod may change',
      resources: alteredIn(model, 'serving', [[...POD, 'containers', 0, 'volumeMounts', 0, 'readOnly'], false]),
    },
    {
      title: 'a verify key in a scratch volume',
      resources: alteredIn(model, 'serving', [[...POD, 'volumes', 0], { name: 'verify', emptyDir: {} }]),
    },
  ],
};
