import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Dials } from '../../constructs/dials.ts';
import { chartsOf, environmentOf } from '../../constructs/environment.ts';
import { readDials } from '../../constructs/environments.ts';
import { definedKind } from '../../constructs/preflight/kinds-in.ts';
import { needsOf } from '../../constructs/preflight/needs.ts';
import type { KubeApi, KubeObject } from './api.ts';
import { crdFiles } from './tools.ts';

/** Every object of an environment's charts, in the order they are stood up. */
export const objectsOf = (dials: Dials, usecases: readonly UseCase[]): readonly KubeObject[] =>
  chartsOf(environmentOf(dials, usecases)).flatMap((chart) => chart.toJson() as KubeObject[]);

/**
 * Writes into a folder only those definitions that the environment's objects need, a file each as they come: all of them are
 * several megabytes, which an engine carries through every step.
 */
export function writeNeededCrds(bin: string, folder: string, dials: Dials, usecases: readonly UseCase[]): readonly string[] {
  const wanted = new Set(
    needsOf(environmentOf(dials, usecases)).kinds.map(({ apiVersion, kind }) => `${apiVersion.split('/')[0]}/${kind}`),
  );
  mkdirSync(folder, { recursive: true });
  return crdFiles(bin).flatMap((file) => {
    const needed = readFileSync(file, 'utf8')
      .split(/^---\s*$/m)
      .filter((document) => wanted.has(definedKind(document) ?? ''));
    if (needed.length === 0) return [];
    const to = join(folder, basename(file));
    writeFileSync(to, needed.join('\n---\n'));
    return [to];
  });
}

/** An environment on an empty cluster: its dials, with the operators' kinds from a folder that holds just those. */
export async function onEmptyCluster(
  bin: string,
  folder: string,
  environment: string,
  usecases: readonly UseCase[],
): Promise<Dials> {
  const dials = await readDials(environment);
  writeNeededCrds(bin, folder, dials, usecases);
  return { ...dials, operators: { from: 'manifests', folder } };
}

/** Disks that claims of the default class are bound to, since no provisioner runs here; they hold nothing. */
export async function giveDisks(api: KubeApi, count: number): Promise<void> {
  await api.apply({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'disks', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/no-provisioner',
  });
  for (let disk = 0; disk < count; disk++) {
    await api.apply({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `disk-${disk}` },
      spec: {
        storageClassName: 'disks',
        capacity: { storage: '1Ti' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/no-such-disk' },
      },
    });
  }
}
