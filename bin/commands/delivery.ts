import type { Command } from 'commander';
import { readEvidence, verdictHolds } from '../../app/delivery/evidence.ts';
import { runGate } from '../../app/delivery/gate.ts';
import { verdictTable, verdictText } from '../../app/delivery/text.ts';
import { registryError } from '../../app/registry/errors.ts';
import type { Registry } from '../../app/registry/registry.ts';
import { readSettings } from '../../app/settings.ts';
import type { CommandContext } from '../command.ts';
import { openModelRegistry, versionNumber } from './registry.ts';

/** `millrace delivery …`: the gate and its verdicts. */
export function deliveryCommands(program: Command, context: CommandContext): void {
  const delivery = program.command('delivery').description('The gate, and the verdicts it left');

  delivery
    .command('gate')
    .argument('[version]', 'version number; the newest candidate by default', versionNumber)
    .description('Judge a version; the verdict is signed, stored and audited, whichever way it falls')
    .action(async (named: number | undefined) => {
      const { MILLRACE_WORKLOAD: workload, MILLRACE_IMAGE_DIGEST: imageDigest } = readSettings(process.env);
      const usecase = await context.usecase();
      const { registry, model } = await openModelRegistry(context);
      const version = named ?? (await newestCandidate(registry, model));
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
        actor: workload === undefined ? 'local' : `workload:${workload}`,
        imageDigest: imageDigest ?? 'none',
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

/** The newest version that waits for its verdict. @throws MR_REGISTRY_VERSION_UNKNOWN where none does */
async function newestCandidate(registry: Registry, model: string): Promise<number> {
  const waiting = (await registry.list(model)).find(({ state }) => state === 'candidate');
  if (waiting !== undefined) return waiting.version;
  throw registryError('MR_REGISTRY_VERSION_UNKNOWN', `no version of '${model}' waits for a verdict`, {
    field: 'version',
    expected: 'a candidate: `millrace training run` registers one',
  });
}
