import { runGate } from '../app/delivery/gate.ts';
import { openRegistry } from '../app/registry/registry.ts';
import type { ReleaseManifest } from '../app/registry/release.ts';
import { train } from '../app/training/train.ts';
import { codeCommit } from './code-commit.ts';
import type { StepContext } from './context.ts';
import { definePipeline } from './pipeline.ts';

export interface RetrainInput {
  /** Why: the schedule, drift of a feature, or the first model of a new data folder. */
  readonly reason: string;
}

export interface Delivered {
  readonly version: number;
  readonly unitId: string;
  readonly verdict: 'passed' | 'refused';
  readonly reasons: readonly string[];
  readonly promoted: boolean;
  readonly trials: number;
  readonly folds: number;
}

const registryOf = async ({ runtime }: StepContext) =>
  openRegistry({
    metadata: await runtime.use('metadata'),
    objects: await runtime.use('objects'),
    keys: await runtime.use('keys'),
    audit: await runtime.use('audit'),
    clock: runtime.clock,
  });

/** The identities that act here; the laptop plays all of them, a cluster gives each its own service account. */
const TRAINER = 'workload:trainer';
const GATE = 'workload:gate';

/** From the newest snapshot to a gated, approved, promoted release; a refused one stays where it is, with its evidence. */
export const retrain = definePipeline<StepContext, RetrainInput>({ name: 'retrain', schedule: '0 3 * * *' })
  .step({
    name: 'train',
    retries: 1,
    timeout: '30m',
    run: async ({ reason }, { runtime, usecase, progress }): Promise<{ manifest: ReleaseManifest; reason: string }> => {
      const manifest = await train({
        usecase,
        lake: await runtime.use('lake'),
        objects: await runtime.use('objects'),
        keys: await runtime.use('keys'),
        clock: runtime.clock,
        logger: runtime.logger,
        onProgress: progress,
        codeCommit: await codeCommit(),
      });
      return { manifest, reason };
    },
  })
  .step({
    name: 'register',
    retries: 1,
    run: async ({ manifest, reason }, context) => {
      const version = await (await registryOf(context)).register(manifest, TRAINER);
      return { version: version.version, unitId: version.unitId, reason, search: manifest.search };
    },
  })
  .step({
    name: 'gate',
    // No retry: a verdict is evidence, written once, whichever way it falls.
    timeout: '20m',
    run: async (registered, context) => {
      const { runtime, usecase } = context;
      const verdict = await runGate({
        usecase,
        registry: await registryOf(context),
        lake: await runtime.use('lake'),
        objects: await runtime.use('objects'),
        keys: await runtime.use('keys'),
        audit: await runtime.use('audit'),
        clock: runtime.clock,
        version: registered.version,
        imageDigest: process.env['MILLRACE_IMAGE_DIGEST'] ?? 'none',
        logger: runtime.logger,
      });
      const reasons = verdict.checks.filter(({ passed }) => !passed).map(({ name, reason }) => `${name}: ${reason}`);
      return { ...registered, verdict: verdict.verdict, reasons };
    },
  })
  .step({
    name: 'promote',
    retries: 2,
    run: async ({ version, unitId, verdict, reasons, reason, search }, context): Promise<Delivered> => {
      const { model, gate } = context.usecase;
      const registry = await registryOf(context);
      const promoted = verdict === 'passed' && gate.approval === 'local';
      if (promoted) {
        await registry.approve(model.name, version, 'local');
        await registry.promote(model.name, version, GATE, reason);
      }
      return { version, unitId, verdict, reasons, promoted, ...search };
    },
  });
