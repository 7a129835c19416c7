import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { DriftReading, OpenDrift } from '../../app/monitoring/drift.ts';
import type { PageState } from '../../app/monitoring/page/state.ts';
import { monitoringText } from '../../app/monitoring/status-text.ts';
import { readSetting } from '../../app/registry/metadata/settings.ts';
import type { CommandContext } from '../command.ts';
import { untilTold } from '../until-told.ts';

/** How long a running page may take to answer, milliseconds. */
const PATIENCE_MS = 3_000;

/** `millrace monitoring …` */
export function monitoringCommands(program: Command, context: CommandContext): void {
  const monitoring = program.command('monitoring').description('Drift of features and answers');
  untilTold(monitoring.command('watch').description('Watch answers for drift, until told to stop'), context, async (place) =>
    (await import('../../pipelines/workloads/monitor.ts')).startWatching({ ...place, usecase: await context.usecase() }),
  );
  monitoring
    .command('status')
    .description('Open drifts, and the newest readings where the loop runs')
    .action(async () => {
      const usecase = await context.usecase();
      const runtime = await context.open();
      const text = await readSetting(await runtime.use('metadata'), `monitor.${usecase.name}`);
      const saved = text === undefined ? undefined : (JSON.parse(text) as { readonly open: readonly OpenDrift[] });
      const page = await runningPage(join(context.options().data, 'running.json'));
      const status = {
        usecase: usecase.name,
        kind: usecase.kind,
        running: page !== undefined,
        watched: usecase.monitors.drift,
        open: page?.openDrifts ?? saved?.open ?? [],
        readings: newest(page?.drift ?? []),
        windowFill: page?.windowFill ?? null,
        hitRate: page?.hitRate ?? {},
        retraining: page?.retraining ?? null,
      };
      context.answer(status, monitoringText(status));
      if (status.open.length > 0) process.exitCode = 1;
    });
}

/** The state of the loop that runs over the data folder; undefined where none does, also after one that was killed. */
async function runningPage(file: string): Promise<PageState | undefined> {
  if (!existsSync(file)) return undefined;
  const { page } = JSON.parse(readFileSync(file, 'utf8')) as { readonly page?: string };
  if (page === undefined) return undefined;
  try {
    const response = await fetch(`${page}/api/state`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? ((await response.json()) as PageState) : undefined;
  } catch {
    return undefined;
  }
}

/** The newest reading of each monitored value. */
function newest(readings: readonly DriftReading[]): readonly DriftReading[] {
  const byFeature = new Map<string, DriftReading>();
  for (const reading of readings) {
    const before = byFeature.get(reading.feature);
    if (before === undefined || before.at <= reading.at) byFeature.set(reading.feature, reading);
  }
  return [...byFeature.values()];
}
