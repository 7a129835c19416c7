import type { Command } from 'commander';
import { readEvidence, type Verdict, verdictHolds } from '../../app/delivery/evidence.ts';
import { runGate } from '../../app/delivery/gate.ts';
import { verdictTable, verdictText } from '../../app/delivery/text.ts';
import type { Registry } from '../../app/registry/registry.ts';
import { readSettings } from '../../app/settings.ts';
import type { CommandContext } from '../command.ts';
import { openModelRegistry, versionNumber } from './registry.ts';

/** `millrace delivery …`: the gate and its verdicts. */
export function deliveryCommands(program: Command, context: CommandContext): void {
  const delivery = program.command('delivery').description('The gate, and the verdicts it left');

  delivery
    .command('gate')
    .argument('[version]', 'version number; every candidate without a verdict by default', versionNumber)
    .option('--champion', 'judge the version that answers now anew')
    .description('Judge versions; a verdict is signed, stored and audited, whichever way it falls')
    .action(async (named: number | undefined, flags: { readonly champion?: boolean }) => {
      const { MILLRACE_WORKLOAD: workload, MILLRACE_IMAGE_DIGEST: imageDigest } = readSettings(process.env);
      const usecase = await context.usecase();
      const { registry, model } = await openModelRegistry(context);
      const versions = await toJudge(registry, model, named, flags.champion === true);
      const runtime = await context.open();
      const verdicts: Verdict[] = [];
      for (const version of versions) {
        const verdict = await runGate({
          usecase,
          registry,
          lake: await runtime.use('lake'),
          objects: await runtime.use('objects'),
          keys: await runtime.use('keys'),
          audit: await runtime.use('audit'),
          clock: runtime.clock,
          version,
          logger: runtime.logger,
          actor: workload === undefined ? 'local' : `workload:${workload}`,
          imageDigest: imageDigest ?? 'none',
          onProgress: (message) => runtime.logger.info(message),
        });
        verdicts.push(verdict);
      }
      const text = verdicts.map(verdictText).join('\n\n') || `no version of ${model} waits for a verdict`;
      context.answer(named === undefined ? verdicts : verdicts[0], text);
      if (verdicts.some(({ verdict }) => verdict === 'refused')) process.exitCode = 1;
    });

  delivery
    .command('verdicts')
    .argument('[version]', 'version number', versionNumber)
    .description('Verdicts, oldest first, and whether their signatures hold; one version in full')
    .action(async (version: number | undefined) => {
      const { registry, model } = await openModelRegistry(context);
      const keys = await (await context.open()).use('keys');
      const verdicts = (await registry.verdicts(model, version)).map((recorded) => ({
        recorded,
        evidence: readEvidence(recorded),
        holds: verdictHolds(recorded, keys),
      }));
      const table = verdictTable(verdicts);
      const full = version === undefined ? [] : verdicts.map(({ evidence }) => `\n${verdictText(evidence)}`);
      context.answer(verdicts, [table, ...full].join('\n'));
      if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
    });
}

/** The version named, the champion, or every candidate, oldest first; none is no fault: the schedule comes again. */
async function toJudge(
  registry: Registry,
  model: string,
  named: number | undefined,
  champion: boolean,
): Promise<readonly number[]> {
  if (named !== undefined) return [named];
  const answering = champion ? await registry.alias(model, 'champion') : undefined;
  if (champion) return answering === undefined ? [] : [answering.version];
  const waiting = (await registry.list(model)).filter(({ state }) => state === 'candidate');
  return waiting.map(({ version }) => version).reverse();
}
