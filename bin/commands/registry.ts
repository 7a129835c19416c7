import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../app/clock/embedded.ts';
import { registryError } from '../../app/registry/errors.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import { snapshotDigest } from '../../app/registry/snapshot.ts';
import { deploymentLine, momentText, showText, versionTable } from '../../app/registry/text.ts';
import { writeSnapshot } from '../../app/registry/write-snapshot.ts';
import { loadUseCase, useCaseNames } from '../../app/usecases/load.ts';
import { parseTimestamp } from '../../app/validation/rfc3339.ts';
import type { CommandContext } from '../command.ts';
import { untilTold } from '../until-told.ts';

interface ActOptions {
  readonly as: string;
  readonly reason: string;
}

/** The registry of the use case's model, over the data folder. */
export async function openModelRegistry(context: CommandContext): Promise<{ registry: Registry; model: string }> {
  const { model } = await context.usecase();
  const runtime = await context.open();
  const registry = openRegistry({
    metadata: await runtime.use('metadata'),
    objects: await runtime.use('objects'),
    keys: await runtime.use('keys'),
    audit: await runtime.use('audit'),
    clock: runtime.clock,
  });
  return { registry, model: model.name };
}

/** A version number of the command line. */
export function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a version number, e.g. 3.');
  return Number(text);
}

/** `millrace registry …`: versions, who signed them off, what answered when. */
export function registryCommands(program: Command, context: CommandContext): void {
  const registry = program.command('registry').description('Versions, approvals, promotions, and what answered when');
  const act = (name: string, description: string) =>
    registry.command(name).description(description).option('--as <name>', 'who acts; the laptop signs as local', 'local');

  untilTold(
    registry.command('serve').description('Answer what is registered, to read only, until told to stop'),
    context,
    async (place) => {
      const usecases = await Promise.all((await useCaseNames()).map(loadUseCase));
      const { startRegistry } = await import('../../pipelines/workloads/registry.ts');
      return startRegistry({ ...place, models: usecases.map(({ model }) => model.name) });
    },
  );

  registry
    .command('migrate')
    .description("Bring the metadata store to this version's layout, and each user of a shared one to its rights; as its owner")
    .action(async () => {
      const [{ LAYOUT }, { EVERYDAY_USERS, userName }] = await Promise.all([
        import('../../app/registry/metadata/migrations.ts'),
        import('../../app/registry/metadata/users.ts'),
      ]);
      // Who may make tables brings the store to its layout by opening it.
      const metadata = await (await context.open()).use('metadata');
      await metadata.share?.();
      const users = metadata.share === undefined ? [] : EVERYDAY_USERS.map(userName);
      context.answer({ layout: LAYOUT, users }, [`layout ${LAYOUT}`, ...users.map((user) => `  rights of ${user}`)].join('\n'));
    });

  registry
    .command('list')
    .description('All versions, newest first')
    .action(async () => {
      const { registry, model } = await openModelRegistry(context);
      const versions = await registry.list(model);
      const champion = (await registry.alias(model, 'champion'))?.version;
      const challenger = (await registry.alias(model, 'challenger'))?.version;
      context.answer({ model, champion, challenger, versions }, versionTable(versions, { champion, challenger }));
    });

  registry
    .command('show')
    .argument('<version>', 'version number', versionNumber)
    .description('Metrics, parameters, lineage, verdicts and approvals of a version')
    .action(async (version: number) => {
      const { registry, model } = await openModelRegistry(context);
      const detail = await registry.show(model, version);
      context.answer(detail, showText(detail));
    });

  act('approve', 'Sign a gated version off')
    .argument('<version>', 'version number', versionNumber)
    .action(async (version: number, options: ActOptions) => {
      const { registry, model } = await openModelRegistry(context);
      const approval = await registry.approve(model, version, options.as);
      context.answer(approval, `version ${version} approved by ${approval.approver} at ${momentText(approval.at)}`);
    });

  act('promote', 'Make an approved version the champion')
    .argument('<version>', 'version number', versionNumber)
    .option('--reason <text>', 'kept in the deployment history', 'by hand')
    .action(async (version: number, options: ActOptions) => {
      const { registry, model } = await openModelRegistry(context);
      const champion = await registry.promote(model, version, options.as, options.reason);
      context.answer(champion, `version ${champion.version} is the champion of ${model}`);
    });

  act('rollback', 'Go back to the champion before')
    .option('--reason <text>', 'kept in the deployment history', 'by hand')
    .action(async (options: ActOptions) => {
      const { registry, model } = await openModelRegistry(context);
      const champion = await registry.rollback(model, options.as, options.reason);
      context.answer(champion, `version ${champion.version} is the champion of ${model} again`);
    });

  act('revoke', 'Take a version out for good; where it was the champion, the one before it comes back')
    .argument('<version>', 'version number', versionNumber)
    .requiredOption('--reason <text>', 'kept in the audit log')
    .action(async (version: number, options: ActOptions) => {
      const { registry, model } = await openModelRegistry(context);
      const before = await registry.alias(model, 'champion');
      const revoked = await registry.revoke(model, version, options.as, options.reason);
      const named = await registry.alias(model, 'champion');
      const champion = named?.state === 'revoked' ? null : (named?.version ?? null);
      const who =
        champion === null ? 'the declared fallback answers until another is promoted' : `version ${champion} answers again`;
      const next = before?.version === version ? `; ${who}` : '';
      context.answer({ ...revoked, champion }, `version ${revoked.version} of ${model} is revoked${next}`);
    });

  registry
    .command('snapshot')
    .requiredOption('--out <file>', 'where the snapshot goes')
    .option('--verify-key <file>', 'where the public key goes that previews check it with')
    .description('Write what previews must know of the models as one signed file, and print the digest to pin')
    .action(async ({ out, verifyKey }: { readonly out: string; readonly verifyKey?: string }) => {
      const { registry, model } = await openModelRegistry(context);
      const keys = await (await context.open()).use('keys');
      // A file's age is by the wall clock, also where the platform replays the past.
      const bytes = await writeSnapshot(registry, [model], keys, systemClock);
      await writeFile(out, bytes);
      if (verifyKey !== undefined) await writeFile(verifyKey, await keys.verifyKey());
      const digest = snapshotDigest(bytes);
      context.answer({ file: out, digest, verifyKey }, digest);
    });

  registry
    .command('at')
    .argument('<time>', 'RFC 3339, e.g. 2026-01-31T12:00:00Z')
    .description('What answered at that time')
    .action(async (time: string) => {
      const moment = parseTimestamp(time);
      if (moment === undefined)
        throw registryError('MR_REGISTRY_TIME_INVALID', `'${time}' is not an RFC 3339 time`, {
          field: '<time>',
          value: time,
          expected: 'e.g. 2026-01-31T12:00:00Z',
        });
      const { registry, model } = await openModelRegistry(context);
      const version = await registry.at(model, moment);
      const history = (await registry.deployments(model)).filter(({ at }) => at <= moment);
      const since = history.at(-1);
      context.answer(
        { model, at: moment, version: version?.version, unitId: version?.unitId, since },
        version === undefined || since === undefined
          ? `nothing answered for ${model} at ${momentText(moment)}`
          : `version ${version.version} (unit ${version.unitId.slice(0, 12)})\n${history.map(deploymentLine).join('\n')}`,
      );
    });
}
