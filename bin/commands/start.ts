import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Listr } from 'listr2';
import { MillraceError } from '../../app/errors.ts';
import { createLogger } from '../../app/logger.ts';
import type { Loop } from '../../pipelines/loop/loop.ts';
import { measure } from '../../pipelines/loop/measure.ts';
import type { LoopFailure, LoopReport } from '../../pipelines/loop/report.ts';
import { startLoop } from '../../pipelines/loop/start.ts';
import { type TurnStep, turnSteps } from '../../pipelines/loop/turn.ts';
import { checkDataFolder, clickFileOptions, type FileFlags, portsOf } from '../click-file-flags.ts';
import type { CommandContext } from '../command.ts';

interface Flags extends FileFlags {
  readonly once?: boolean;
  readonly port: string;
  readonly host: string;
}

/** Ports follow the page's: collector one up, serving two up; 0 lets the system choose all three. */
const DEFAULT_PORT = 7070;

export function startCommands(program: Command, context: CommandContext): void {
  program
    .command('start')
    .description('Run the whole loop on this machine, until Ctrl-C')
    .option('--once', 'run one whole turn, print its report and exit')
    .option('--port <port>', 'port of the page; collector and serving take the next two', String(DEFAULT_PORT))
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--from <file>', 'replay a click file (CSV, JSON lines, Parquet) in place of the simulator')
    .option('--map <pairs>', 'columns of the file: field=column,field=column')
    .option('--time-unit <unit>', 'unit of the time column: s, ms, us or iso', 'iso')
    .option('--set <pairs>', 'constant fields: field=value,field=value')
    .action((flags: Flags) => start(flags, context));
}

async function start(flags: Flags, context: CommandContext): Promise<void> {
  const { data, json } = context.options();
  const ports = portsOf(flags.port);
  checkDataFolder(data);
  const usecase = await context.usecase();
  const file = clickFileOptions(flags);
  const loop = await startLoop({
    dataDir: data,
    usecase,
    ...(file === undefined ? {} : { file }),
    ports,
    host: flags.host,
    logger: createLogger({ file: join(data, 'millrace.log') }),
  });
  let step = 'Starting';
  let page: Awaited<ReturnType<typeof import('../../pipelines/loop/page.ts')['startPage']>> | undefined;
  const running = join(data, 'running.json');
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      rmSync(running, { force: true });
      await page?.close();
      await loop.close();
      await loop.options.runtime.close();
    })();
    return closing;
  };
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
  try {
    if (!flags.once) {
      const { startPage } = await import('../../pipelines/loop/page.ts');
      page = await startPage(loop, { port: ports.page, host: flags.host, step: () => step });
    }
    writeFileSync(
      running,
      JSON.stringify({
        pid: process.pid,
        collector: loop.platform.collector.url,
        serving: loop.platform.serving.url,
        page: page?.url,
      }),
    );
    const turn = runTurn(loop, {
      json: json === true,
      page: page?.url,
      onStep: (title) => {
        step = title;
      },
    });
    const ended = await Promise.race([turn, interrupted]);
    if (ended === 'interrupted') turn.catch(() => undefined);
    else {
      await print(ended, json === true);
      if ('failed' in ended) process.exitCode = 1;
      else if (!flags.once) {
        step = 'The loop keeps turning';
        loop.keepTurning();
        process.stderr.write(`\nThe loop keeps turning: ${page?.url} (Ctrl-C stops it)\n`);
        await interrupted;
      }
    }
    if (!flags.once) process.stderr.write('\nDraining …\n');
  } finally {
    await close();
  }
}

/** Runs the steps under a task list: live where there is a terminal, plain lines elsewhere, which go to stderr. */
async function runTurn(
  loop: Loop,
  show: { readonly json: boolean; readonly page: string | undefined; readonly onStep: (title: string) => void },
): Promise<LoopReport | LoopFailure> {
  if (show.page !== undefined) process.stderr.write(`The loop, live: ${show.page}\n\n`);
  let champion = 0;
  let failed: LoopFailure | undefined;
  const run = async (step: TurnStep, progress: (message: string) => void): Promise<string> => {
    const started = performance.now();
    show.onStep(step.title);
    try {
      const outcome = await step.run(progress);
      if (step.name === 'train') champion = loop.platform.serving.unit()?.version ?? 0;
      return `${outcome} (${((performance.now() - started) / 1000).toFixed(1)} s)`;
    } catch (cause) {
      failed = {
        failed: {
          step: step.name,
          code: cause instanceof MillraceError ? cause.code : undefined,
          message: (cause as Error).message,
        },
      };
      throw cause;
    }
  };
  try {
    if (process.stdout.isTTY === true && !show.json) await runListed(turnSteps(loop), run);
    else await runPlainly(turnSteps(loop), run);
    return await measure(loop, champion);
  } catch (cause) {
    if (failed === undefined) throw cause;
    return failed;
  }
}

type RunStep = (step: TurnStep, progress: (message: string) => void) => Promise<string>;

async function runListed(steps: readonly TurnStep[], run: RunStep): Promise<void> {
  const tasks = steps.map((step) => ({
    title: step.title,
    task: async (_: unknown, line: { output: string; title: string }) => {
      const outcome = await run(step, (message) => {
        line.output = message;
      });
      line.title = `${step.title}: ${outcome}`;
    },
  }));
  await new Listr(tasks, { registerSignalListeners: false }).run();
}

async function runPlainly(steps: readonly TurnStep[], run: RunStep): Promise<void> {
  for (const step of steps) {
    process.stderr.write(`${step.title} …\n`);
    process.stderr.write(`  ${await run(step, () => undefined)}\n`);
  }
}

async function print(result: LoopReport | LoopFailure, json: boolean): Promise<void> {
  const text = json ? JSON.stringify(result) : readable(result);
  await new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
}

/** The report as lines of `name value`. */
function readable(result: LoopReport | LoopFailure): string {
  const lines = (value: unknown, name: string): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => lines(inner, name === '' ? key : `${name}.${key}`))
      : [`  ${name.padEnd(28)} ${String(value)}`];
  return lines(result, '').join('\n');
}
