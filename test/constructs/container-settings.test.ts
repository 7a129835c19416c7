import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chart } from 'cdk8s';
import { Command } from 'commander';
import { readSettings } from '../../app/settings.ts';
import type { CommandContext } from '../../bin/command.ts';
import { environmentOf } from '../../constructs/environment.ts';
import { environments, loadUseCases, readDials } from '../../constructs/environments.ts';

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** Containers that run the program, wherever in an object they are. */
function* containersIn(value: unknown): Generator<Container> {
  if (typeof value !== 'object' || value === null) return;
  const { env, args } = value as Partial<Container>;
  if (Array.isArray(env) && Array.isArray(args) && env.some(({ name }) => name === 'MILLRACE_WORKLOAD')) yield value as Container;
  for (const inner of Object.values(value)) yield* containersIn(inner);
}

/** The value that a deployment pours in place of a placeholder: a list of brokers where it is one, else a name. */
const poured = (name: string, value: string): string =>
  /^\{\{.*\}\}$/.test(value) && name.endsWith('_BROKERS')
    ? 'b-1.poured.in:9096,b-2.poured.in:9096'
    : value.replaceAll(/\{\{.*?\}\}/g, 'poured-in');

/** Fails where the arguments name no command of the program, or a flag it does not have. */
async function parses(args: readonly string[]): Promise<void> {
  const [layer = ''] = args;
  const program = new Command()
    .option('--json')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const module = (await import(`../../bin/commands/${layer}.ts`)) as Readonly<
    Record<string, (program: Command, context: CommandContext) => void>
  >;
  module[`${layer}Commands`]?.(program, {} as CommandContext);
  let ran = false;
  const disarm = (command: Command): void => {
    command.action(() => {
      ran = true;
    });
    for (const inner of command.commands) disarm(inner);
  };
  for (const command of program.commands) for (const inner of command.commands) disarm(inner);
  await program.parseAsync([...args], { from: 'user' });
  assert.ok(ran, args.join(' '));
}

const usecases = await loadUseCases();
for (const name of await environments()) {
  const { site: _site, cluster, platform, usecases: own } = environmentOf(await readDials(name), usecases);
  const charts: readonly Chart[] = [cluster, ...platform, ...[...own.values()].flat()];
  const containers = charts.flatMap((chart) => [...containersIn(chart.toJson())]);

  test(`every container of ${name} has settings that the program takes, and a command that it has`, async () => {
    assert.ok(containers.length >= 8, `found ${containers.length} containers`);
    for (const container of containers) {
      const values = Object.fromEntries(
        (container.env ?? []).map((one) => [one.name, one.value === undefined ? undefined : poured(one.name, one.value)]),
      );
      assert.doesNotThrow(() => readSettings(values), `${name} ${container.name}`);
      // What it does is added by the person who starts it.
      await parses([...(container.args ?? []), ...(container.name === 'decide' ? ['rollback'] : [])]);
    }
  });
}
