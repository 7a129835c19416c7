import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../app/clock/embedded.ts';
import { deliveryError } from '../../app/delivery/errors.ts';
import { readEvidence, type Verdict, verdictHolds } from '../../app/delivery/evidence.ts';
import { runGate } from '../../app/delivery/gate.ts';
import { verdictTable, verdictText } from '../../app/delivery/text.ts';
import type { Registry } from '../../app/registry/registry.ts';
import { writeSnapshot } from '../../app/registry/write-snapshot.ts';
import { readSettings } from '../../app/settings.ts';
import type { CommandContext } from '../command.ts';
import { openModelRegistry, versionNumber } from './registry.ts';

/** `millrace delivery …`: the gate and its verdicts, and what an environment serves. */
export function deliveryCommands(program: Command, context: CommandContext): void {
  const delivery = program.command('delivery').description('The gate, the verdicts it left, and what an environment serves');

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
      const verdicts = await Promise.all(
        (await registry.verdicts(model, version)).map(async (recorded) => ({
          recorded,
          evidence: readEvidence(recorded),
          holds: await verdictHolds(recorded, keys),
        })),
      );
      const table = verdictTable(verdicts);
      const full = version === undefined ? [] : verdicts.map(({ evidence }) => `\n${verdictText(evidence)}`);
      context.answer(verdicts, [table, ...full].join('\n'));
      if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
    });

  delivery
    .command('pin')
    .argument('<environment>', 'an environment with a file stacks/Pulumi.<environment>.yaml')
    .option('--snapshot <file>', "the registry's snapshot, as its /v1/snapshot gives it; of the data folder by default")
    .option('--verify-key <file>', 'the public key that it must be signed with, where the dials name none yet')
    .option('--canary <percent>', 'give the champion this share of the requests, beside what is pinned now', percent)
    .description('Pin an environment to the champions of the signed snapshot: units and snapshot in one step')
    .action(async (environment: string, flags: PinFlags) => {
      const [{ pinReleases }, { loadUseCases, readDials }] = await Promise.all([
        import('../pin-release.ts'),
        import('../../constructs/environments.ts'),
      ]);
      const [dials, usecases] = [await readDials(environment), await loadUseCases()];
      const found = await snapshotOf(
        context,
        usecases.map(({ model }) => model.name),
        flags,
      );
      const root = join(import.meta.dirname, '../..');
      const pinned = await pinReleases({ root, dials, usecases, ...found, canary: flags.canary, now: systemClock.now() });
      const lines = Object.entries(pinned.releases).map(([name, release]) =>
        release === null ? `  ${name}  has no champion yet` : `  ${name}  version ${release.version}, unit ${release.unit}`,
      );
      context.answer(
        pinned,
        [`${environment} serves, by ${pinned.digest}:`, ...lines, `  next: npm run preview -- ${environment}`].join('\n'),
      );
    });
}

interface PinFlags {
  readonly snapshot?: string;
  readonly verifyKey?: string;
  readonly canary?: number;
}

function percent(text: string): number {
  const value = Number(text);
  if (!/^\d{1,2}$/.test(text) || value < 1) throw new InvalidArgumentError('Expected a percent from 1 to 99.');
  return value;
}

async function named(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const fault = { field: option, value: file, expected: 'a file', cause };
    throw deliveryError('MR_DELIVERY_FILE_MISSING', `${file} cannot be read`, fault);
  }
}

/** The snapshot in a file, with the key it must be signed with; or a new one of the data folder's registry. */
async function snapshotOf(context: CommandContext, models: readonly string[], flags: PinFlags) {
  const key = flags.verifyKey === undefined ? undefined : (await named('--verify-key', flags.verifyKey)).toString('utf8');
  if (flags.snapshot !== undefined) return { snapshot: await named('--snapshot', flags.snapshot), verifyKey: key };
  const { registry } = await openModelRegistry(context);
  const keys = await (await context.open()).use('keys');
  return { snapshot: await writeSnapshot(registry, models, keys, systemClock), verifyKey: key ?? (await keys.verifyKey()) };
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
