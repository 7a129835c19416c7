import { type Command, InvalidArgumentError } from 'commander';
import { openRegistryReader } from '../../app/registry/read.ts';
import { needed, readSettings } from '../../app/settings.ts';
import { CARD_WORDS } from '../../app/training/card.ts';
import { checkpointPrefix } from '../../app/workloads.ts';
import type { CommandContext } from '../command.ts';
import { untilTold } from '../until-told.ts';
import { openModelRegistry } from './registry.ts';

/** The workload that trains, where it is one; else the laptop's person. */
function author(): string {
  const { MILLRACE_WORKLOAD: workload } = readSettings(process.env);
  return workload === undefined ? 'local' : `workload:${workload}`;
}

function lakeVersion(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a version of the lake table, e.g. 12.');
  return Number(text);
}

/** The API server, as the settings of a pod name it. @throws MR_PIPELINES_CONTROL_PLANE, MR_SETTINGS_INVALID */
async function controlPlane() {
  const by = 'MILLRACE_CONTROL_PLANE_URL';
  const settings = readSettings(process.env);
  const { pipelineError } = await import('../../pipelines/errors.ts');
  if (settings[by] === undefined)
    throw pipelineError('MR_PIPELINES_CONTROL_PLANE', 'no API server is named', {
      field: by,
      expected: 'the address of an API server; on a cluster the pod has it',
    });
  const at = needed(settings, by, [by, 'MILLRACE_CONTROL_PLANE_CA_FILE', 'MILLRACE_CONTROL_PLANE_TOKEN_FILE']);
  const { openControlPlane } = await import('../../pipelines/workloads/control-plane.ts');
  return openControlPlane({
    url: at[by],
    caFile: at.MILLRACE_CONTROL_PLANE_CA_FILE,
    tokenFile: at.MILLRACE_CONTROL_PLANE_TOKEN_FILE,
  });
}

/**
 * `millrace training …`: one training on a pinned snapshot, registered as a candidate; whether one is due; what dead ones left,
 * swept; nodes with GPUs opened to trainings.
 */
export function trainingCommands(program: Command, context: CommandContext): void {
  const training = program.command('training').description('Train the use case’s model');
  training
    .command('run')
    .description('train on the newest snapshot and register the release as a candidate; the gate still has to pass it')
    .option('--at <version>', 'lake version of the label’s events to train on', lakeVersion)
    .option('--as <name>', 'the author of the version; the workload, where it is one, else local')
    .option('--reason <text>', 'why, for the record', 'asked for by name')
    .action(async ({ at, as, reason }: { readonly at?: number; readonly as?: string; readonly reason: string }) => {
      const [{ train }, { openCheckpoint }, { labelTable }, { codeCommit }, { recordedTraining }] = await Promise.all([
        import('../../app/training/train.ts'),
        import('../../app/training/checkpoint.ts'),
        import('../../app/training/dataset.ts'),
        import('../../pipelines/code-commit.ts'),
        import('../../pipelines/retrainings.ts'),
      ]);
      const usecase = await context.usecase();
      const runtime = await context.open();
      const { registry } = await openModelRegistry(context);
      const objects = await runtime.use('objects');
      const { MILLRACE_CHECKPOINT: prefix = checkpointPrefix(usecase), MILLRACE_TRAINING_RUN: run } = readSettings(process.env);
      const checkpoint = openCheckpoint({ objects, logger: runtime.logger, prefix, run });
      const record = { metadata: await runtime.use('metadata'), clock: runtime.clock, usecase, reason };
      const { manifest, version, unitId } = await recordedTraining(record, async () => {
        const made = await train({
          usecase,
          lake: await runtime.use('lake'),
          objects,
          checkpoint,
          keys: await runtime.use('keys'),
          clock: runtime.clock,
          logger: runtime.logger,
          onProgress: (message) => process.stderr.write(`${message}\n`),
          codeCommit: await codeCommit(),
          ...(at === undefined ? {} : { at: { [labelTable(usecase)]: at } }),
        });
        const registered = await registry.register(made, as ?? author());
        await checkpoint.end();
        return registered;
      });
      const { metrics, baseline, dataset } = manifest;
      const words = CARD_WORDS[usecase.kind];
      const rows = Object.entries(metrics.metrics).map(([name, { value, low, high }]) => {
        const base = baseline.metrics[name]?.value ?? 0;
        return `  ${name.padEnd(12)} ${value.toFixed(4)}  [${low.toFixed(4)}, ${high.toFixed(4)}]  ${words.baseline} ${base.toFixed(4)}`;
      });
      const text = [
        `${manifest.model} version ${version}, candidate, unit ${unitId.slice(0, 12)}`,
        `  ${dataset.rows} events, ${manifest.search.trials} trials, judged on ${metrics.users} ${words.cases} of the newest fold`,
        ...rows,
        ...(dataset.note === undefined ? [] : [`  note: ${dataset.note}`]),
        `  next: millrace delivery gate ${version}`,
      ];
      context.answer({ version, unitId, manifest }, text.join('\n'));
    });
  training
    .command('due')
    .description('say whether an open drift wants a retraining now: the cool-down, releases under way and new events decide')
    .action(async () => {
      const { retrainDue } = await import('../../pipelines/workloads/retrain-due.ts');
      const usecase = await context.usecase();
      const runtime = await context.open();
      const { clock } = runtime;
      const [metadata, lake] = [await runtime.use('metadata'), await runtime.use('lake')];
      const due = await retrainDue({ usecase, metadata, lake, registry: openRegistryReader(metadata), clock });
      context.answer(due, `${due.due ? 'due' : 'not due'}: ${due.reason}`);
    });
  training
    .command('sweep')
    .description('delete what trainings that died left behind: release files over a day old that no version names')
    .action(async () => {
      const { sweepReleases } = await import('../../app/registry/sweep.ts');
      const { model } = await context.usecase();
      const runtime = await context.open();
      const ports = { metadata: await runtime.use('metadata'), objects: await runtime.use('objects'), clock: runtime.clock };
      const swept = await sweepReleases(ports, model.name);
      context.answer({ model: model.name, swept }, [`${swept.length} abandoned releases deleted`, ...swept].join('\n'));
    });
  untilTold(
    training
      .command('ready-nodes')
      .description('Take the start-up taint off GPU nodes that have GPUs to give, until told to stop'),
    context,
    async (place) => {
      const { startNodeReadiness } = await import('../../pipelines/workloads/node-readiness.ts');
      return startNodeReadiness({ ...place, controlPlane: await controlPlane() });
    },
  );
}
