#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { MillraceError } from '../app/errors.ts';
import { LAYERS } from '../app/layers.ts';
import { commandContext } from './context.ts';
import { unavailable } from './unavailable.ts';

/** Top-level commands, and the layers: each module is loaded when it is called. */
const COMMANDS: Readonly<Record<string, string>> = {
  new: 'Write a new use case',
  start: 'Run the whole loop on this machine',
  stack: 'Preview, stand up or take down an environment',
  doctor: 'Say what this machine lacks to preview an environment, and how to get it',
  plan: 'Say what an environment of a given load needs and costs',
  ...Object.fromEntries(LAYERS.map((layer) => [layer, `Commands of the ${layer} layer`])),
};

const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('millrace')
    .description('A production ML platform: the same loop on a laptop and on a cluster.')
    .addOption(
      new Option('--data <dir>', 'data folder')
        .default('.millrace', '.millrace, and .millrace-<name> for another use case')
        .env('MILLRACE_DATA_DIR'),
    )
    .addOption(new Option('--usecase <name>', 'use case, a folder of app/usecases/').default('retail').env('MILLRACE_USECASE'))
    .option('--json', 'answer as JSON')
    .exitOverride();
  const context = commandContext(() => {
    const options = program.opts<{ readonly data: string; readonly usecase: string }>();
    // Two use cases never share a folder unless someone says so: a folder has one clock and one stream.
    const own = program.getOptionValueSource('data') === 'default' && options.usecase !== 'retail';
    return own ? { ...options, data: `.millrace-${options.usecase}` } : options;
  });

  const named = argv.find((word) => word in COMMANDS);
  try {
    for (const [name, summary] of Object.entries(COMMANDS)) {
      if (name !== named) {
        program.command(name).description(summary);
        continue;
      }
      const module = (await import(`./commands/${name}.ts`)) as Readonly<
        Record<string, (program: Command, context: unknown) => void>
      >;
      module[`${name}Commands`]?.(program, context);
    }
    await program.parseAsync([...argv], { from: 'user' });
    return context.exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const known = error instanceof MillraceError ? error : unavailable(error, argv);
    if (known === undefined) throw error;
    process.stderr.write(`${explain(known)}\n`);
    return EXIT.failed;
  } finally {
    await context.close();
  }
}

/** Code, what is wrong, field, value, expectation and next step; never a stack. */
function explain(error: MillraceError): string {
  const lines = [`${error.code}: ${error.message}`];
  if (error.field !== undefined) lines.push(`  field     ${error.field}`);
  if (error.value !== undefined) lines.push(`  value     ${JSON.stringify(error.value)}`);
  if (error.expected !== undefined) lines.push(`  expected  ${error.expected}`);
  return [...lines, `  next      ${error.kind.next}`].join('\n');
}

process.exitCode = await main(process.argv.slice(2));
