import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deliveryError } from '../app/delivery/errors.ts';
import { type RegistrySnapshot, readSnapshot, snapshotDigest, type UnitSnapshot } from '../app/registry/snapshot.ts';
import type { UseCase } from '../app/usecases/usecase.ts';
import { type DialValue, withDial } from '../constructs/dials/edit.ts';
import type { Dials } from '../constructs/dials.ts';
import { dialsIn } from '../constructs/environments.ts';
import { faultsOf, imageFault } from '../policies/serving/release-approved.ts';

export interface PinOptions {
  /** The project's folder: its `stacks` hold the environment's file. */
  readonly root: string;
  readonly dials: Dials;
  readonly usecases: readonly UseCase[];
  /** The registry's signed snapshot. */
  readonly snapshot: Buffer;
  /** PEM; what the dials trust already goes before it. */
  readonly verifyKey: string | undefined;
  /** Percent of the requests that a new champion gets beside what is pinned now. @default it is the stable release */
  readonly canary?: number | undefined;
  /** Microseconds. */
  readonly now: number;
}

export interface Pinned {
  readonly environment: string;
  /** Version and unit that each use case is pinned to; null where it has no champion yet. */
  readonly releases: Readonly<Record<string, { readonly version: number; readonly unit: string } | null>>;
  readonly digest: string;
  /** What was written, from the project's folder. */
  readonly files: readonly string[];
}

const MAX_AGE_DAYS = 30;

/**
 * Pins an environment to the champions of the registry's signed snapshot: the units that are served and the snapshot that
 * previews hold them against, in one step, so that neither is ever without the other. Nothing is written unless all holds.
 * @throws MR_REGISTRY_SNAPSHOT_SIGNATURE, MR_REGISTRY_SNAPSHOT_STALE, MR_DELIVERY_NOT_SERVABLE, MR_DELIVERY_NO_CHAMPION, …
 */
export async function pinReleases(options: PinOptions): Promise<Pinned> {
  const { root, dials, usecases, now } = options;
  const { environment } = dials;
  const verifyKey = dials.verifyKey ?? options.verifyKey;
  if (verifyKey === undefined)
    throw deliveryError(
      'MR_DELIVERY_NO_KEY',
      `Neither millrace:verifyKey of ${environment} nor --verify-key names a public key`,
      {
        field: '--verify-key',
        expected: 'a public key in PEM',
      },
    );
  const digest = snapshotDigest(options.snapshot);
  const snapshot = readSnapshot(options.snapshot, { digest, verifyKey, now });
  const champions = usecases.map((usecase) => ({ usecase, unit: championOf(snapshot, usecase) }));
  if (champions.every(({ unit }) => unit === undefined))
    throw deliveryError('MR_DELIVERY_NO_CHAMPION', 'The snapshot names no champion of any use case', {
      field: 'champion',
      value: null,
      expected: `a champion of ${usecases.map(({ model }) => model.name).join(' or ')}`,
    });
  for (const { unit } of champions) if (unit !== undefined) checkServable(unit, dials);

  const files = { snapshot: `stacks/registry/${environment}.json`, verifyKey: `stacks/registry/${environment}.pem` };
  const stack = `stacks/Pulumi.${environment}.yaml`;
  const settings = { snapshot: files.snapshot, digest, verifyKey: files.verifyKey, ...maxAgeOf(dials) };
  let text = await readFile(join(root, stack), 'utf8');
  const set = (path: readonly string[], value: DialValue) => {
    text = withDial(text, ['config', ...path], value);
  };
  for (const { usecase, unit } of champions)
    if (unit !== undefined) set(['millrace:releases', usecase.name], releaseOf(options, usecase, unit.unitId));
  for (const [key, value] of Object.entries(settings)) set(['millrace:policies', 'registry', key], value);
  if (dials.verifyKey === undefined) set(['millrace:verifyKey'], verifyKey);
  // No file is written that no preview would read.
  dialsIn(environment, text);

  await mkdir(join(root, 'stacks/registry'), { recursive: true });
  await written(join(root, files.snapshot), options.snapshot);
  await written(join(root, files.verifyKey), verifyKey);
  // Last: a pin names only what is there.
  await written(join(root, stack), text);
  const of = ({ version, unitId }: UnitSnapshot) => ({ version, unit: unitId });
  return {
    environment,
    releases: Object.fromEntries(champions.map(({ usecase, unit }) => [usecase.name, unit === undefined ? null : of(unit)])),
    digest,
    files: [files.snapshot, files.verifyKey, stack],
  };
}

function championOf({ models }: RegistrySnapshot, { model }: UseCase): UnitSnapshot | undefined {
  const of = models[model.name];
  return of?.versions.find(({ version }) => version === of.champion);
}

/** By the words of the rule that judges the preview. */
function checkServable(unit: UnitSnapshot, { image }: Dials): void {
  const wrongImage = imageFault(unit, image);
  const faults = [
    ...faultsOf(unit),
    ...(wrongImage === undefined
      ? []
      : [[`it was gated with ${unit.imageDigest === 'none' ? 'no image' : unit.imageDigest}`, wrongImage] as const]),
  ];
  const [first] = faults;
  if (first === undefined) return;
  const found = faults.map(([what]) => what).join('; ');
  throw deliveryError('MR_DELIVERY_NOT_SERVABLE', `version ${unit.version} of ${unit.model} may not serve: ${found}`, {
    field: `millrace:releases.${unit.usecase}`,
    value: unit.unitId,
    expected: faults.map(([, expected]) => expected).join('; '),
  });
}

function releaseOf({ dials, canary }: PinOptions, { name }: UseCase, unit: string): DialValue {
  if (canary === undefined) return unit;
  const pinned = dials.releases === 'none' ? undefined : dials.releases[name];
  const stable = typeof pinned === 'object' ? pinned.stable : pinned;
  if (stable === undefined)
    throw deliveryError('MR_DELIVERY_NO_STABLE', `${dials.environment} has no release of ${name} pinned`, {
      field: `millrace:releases.${name}`,
      value: 'none',
      expected: 'a release that the canary stands beside',
    });
  return stable === unit ? unit : { stable, canary: unit, weight: canary };
}

/** How old a snapshot may be is the environment's to say. */
function maxAgeOf({ policies }: Dials): { readonly maxAgeDays?: number } {
  const registry = policies?.['registry'];
  return typeof registry === 'object' ? {} : { maxAgeDays: MAX_AGE_DAYS };
}

async function written(file: string, content: string | Buffer): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}
