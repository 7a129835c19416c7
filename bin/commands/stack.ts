import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { loadUseCases, readDials } from '../../constructs/environments.ts';
import { preflight } from '../../constructs/preflight.ts';
import { openStack, POLICY_PACK, told } from '../../stacks/engine.ts';
import type { CommandContext } from '../command.ts';

const shown = (output: string): void => {
  process.stdout.write(output);
};

type Changes = Readonly<Record<string, number>>;

const summary = (changes: Changes | undefined): string =>
  Object.entries(changes ?? {})
    .map(([change, count]) => `${count} ${change}`)
    .join(', ') || 'nothing to do';

/** `millrace stack …`: an environment through the Pulumi engine, judged by the policy pack, without an account. */
export function stackCommands(program: Command, context: CommandContext): void {
  const stack = program.command('stack').description('Preview, stand up or take down an environment');
  const policyPacks = existsSync(POLICY_PACK) ? [POLICY_PACK] : [];
  const open = async (environment: string) => {
    const dials = await readDials(environment);
    const usecases = await loadUseCases();
    await preflight(dials, { usecases });
    return openStack(dials, usecases);
  };
  const quiet = () => (context.options().json === true ? {} : { onOutput: shown });

  stack
    .command('preview <environment>')
    .description('show what would change, and what the policy pack says of it; changes nothing')
    .action(async (environment: string) => {
      const { changeSummary } = await told('The preview', (await open(environment)).preview({ policyPacks, ...quiet() }));
      context.answer({ environment, changes: changeSummary }, `${environment}: ${summary(changeSummary)}`);
    });
  stack
    .command('up <environment>')
    .description('stand the environment up, or bring it to what the code says')
    .action(async (environment: string) => {
      const { summary: done, outputs } = await told('The update', (await open(environment)).up({ policyPacks, ...quiet() }));
      context.answer(
        { environment, changes: done.resourceChanges, endpoints: outputs['endpoints']?.value },
        `${environment}: ${summary(done.resourceChanges)}`,
      );
    });
  stack
    .command('refresh <environment>')
    .description('compare with what is there, and say what somebody changed by hand; changes nothing')
    .action(async (environment: string) => {
      const { changeSummary } = await told('The comparison', (await open(environment)).previewRefresh({ ...quiet() }));
      context.answer({ environment, changes: changeSummary }, `${environment}: ${summary(changeSummary)}`);
    });
  stack
    .command('destroy <environment>')
    .description('take the environment down')
    .action(async (environment: string) => {
      const { summary: done } = await told('The end', (await open(environment)).destroy({ ...quiet() }));
      context.answer({ environment, changes: done.resourceChanges }, `${environment}: ${summary(done.resourceChanges)}`);
    });
}
