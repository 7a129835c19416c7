import type { Command } from 'commander';
import { readEvidence, verdictHolds } from '../../app/delivery/evidence.ts';
import { runGate } from '../../app/delivery/gate.ts';
import { verdictTable, verdictText } from '../../app/delivery/text.ts';
import type { CommandContext } from '../command.ts';
import { openModelRegistry, versionNumber } from './registry.ts';

/** `millrace delivery …`: the gate and its verdicts. */
export function deliveryCommands(program: Command, context: CommandContext): void {
  const delivery = program.command('delivery').description('The gate, and the verdicts it left');

  delivery
    .command('gate')
    .argument('<version>', 'version number', versionNumber)
    .description('Judge a version; the verdict is signed, stored and audited, whichever way it falls')
    .action(async (version: number) => {
      const usecase = await context.usecase();
      const { registry } = await openModelRegistry(context);
      const runtime = await context.open();
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
        actor: 'local',
        imageDigest: process.env['MILLRACE_IMAGE_DIGEST'] ?? 'none',
        onProgress: (message) => runtime.logger.info(message),
      });
      context.answer(verdict, verdictText(verdict));
      if (verdict.verdict === 'refused') process.exitCode = 1;
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
