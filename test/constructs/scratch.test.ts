import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workloadsOf } from '../../app/workloads.ts';
import { environmentOf } from '../../constructs/environment.ts';
import { environments, loadUseCases, readDials } from '../../constructs/environments.ts';

interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources: { readonly limits: Readonly<Record<string, string>> };
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly emptyDir?: { readonly sizeLimit: string } }[];
}

/** Pods wherever in an object they are; a template of Argo's has one container. */
function* podsIn(value: unknown): Generator<PodSpec> {
  if (typeof value !== 'object' || value === null) return;
  const { container, containers = container && [container], volumes } = value as Partial<PodSpec & { container: Container }>;
  if (containers !== undefined && Array.isArray(volumes)) yield { containers, volumes };
  for (const inner of Object.values(value)) yield* podsIn(inner);
}

const mebibytes = (size = '0Mi'): number => Number.parseInt(size, 10) * (size.endsWith('Gi') ? 1_024 : 1);

const usecases = await loadUseCases();
for (const name of await environments()) {
  test(`in ${name} what reads the lake has room for copies of its files, within what its pod may take`, async () => {
    const { usecases: own } = environmentOf(await readDials(name), usecases);
    const readers = usecases.flatMap((usecase) =>
      workloadsOf(usecase)
        .filter(({ reads, writes }) => [...reads, ...writes].some(({ store }) => store === 'lake'))
        .map((declaration) => `${usecase.name}/${declaration.name}`),
    );
    const seen = new Set<string>();
    for (const pod of [...own.values()].flat().flatMap((chart) => [...podsIn(chart.toJson())])) {
      const scratch = pod.volumes.find((volume) => volume.name === 'tmp')?.emptyDir?.sizeLimit;
      for (const { env = [], resources } of pod.containers) {
        const setting = (key: string) => env.find((one) => one.name === key)?.value;
        const workload = `${setting('MILLRACE_USECASE')}/${setting('MILLRACE_WORKLOAD')}`;
        const copies = Number(setting('MILLRACE_LAKE_COPIES_MB') ?? 0);
        if (readers.includes(workload)) assert.ok(copies > 0, workload);
        if (copies === 0) continue;
        seen.add(workload);
        assert.ok(copies >= 1_024 && copies <= mebibytes(scratch) / 2, `${workload}: ${copies} of ${scratch}`);
        assert.ok(mebibytes(resources.limits['ephemeral-storage']) >= mebibytes(scratch), `${workload}: ${scratch}`);
      }
    }
    const deployed = readers.filter((reader) => own.has(reader.split('/')[0] ?? ''));
    assert.deepEqual(
      deployed.filter((reader) => !seen.has(reader)),
      [],
    );
  });
}
