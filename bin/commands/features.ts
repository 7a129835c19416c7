import type { Command } from 'commander';
import type { Backfill } from '../../app/features/backfill.ts';
import { featureError } from '../../app/features/errors.ts';
import type { FeatureValue } from '../../app/features/value.ts';
import type { AnyView, FeatureView } from '../../app/usecases/feature.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { CommandContext } from '../command.ts';
import { untilTold } from '../until-told.ts';

/** `millrace features list|get|materialize|verify`. */
export function featuresCommands(program: Command, context: CommandContext): void {
  const features = program.command('features').description('feature views: one definition, in the lake and online');

  untilTold(
    features.command('stream').description('keeps online rows up with the stream, until told to stop'),
    context,
    async (place) =>
      (await import('../../pipelines/workloads/materializer.ts')).startStreaming({ ...place, usecase: await context.usecase() }),
  );

  features
    .command('list')
    .description('the views, their definition hash, features and online rows')
    .action(async () => {
      const usecase = await context.usecase();
      const online = await (await context.open()).use('online');
      const { onlineName, viewHash } = await import('../../app/features/view-hash.ts');
      const views = await Promise.all(
        usecase.views.map(async (view) => ({
          name: view.name,
          kind: view.kind,
          entity: view.entity.name,
          owner: view.owner,
          hash: viewHash(view),
          features:
            view.kind === 'windowed'
              ? Object.entries(view.features).map(([name, { type }]) => `${name}: ${type}`)
              : [`${view.feature}: float[]`],
          rows: view.kind === 'windowed' ? await online.count(onlineName(view)) : undefined,
        })),
      );
      const text = views.map(
        ({ name, kind, entity, hash, features: of, rows }) =>
          `${name}  ${kind}, by ${entity}, ${hash.slice(0, 12)}${rows === undefined ? '' : `, ${rows} rows online`}\n${of.map((f) => `  ${f}`).join('\n')}`,
      );
      context.answer(views, text.join('\n'));
    });

  features
    .command('get <view> <entity>')
    .description('the online values of one entity now; the entity is its pseudonym')
    .action(async (name: string, entity: string) => {
      const view = windowed(await context.usecase(), name);
      const runtime = await context.open();
      const { readOnline } = await import('../../app/features/serve-features.ts');
      const found = await readOnline({ online: await runtime.use('online'), view, entity, t: runtime.clock.now() });
      if (found === undefined) {
        throw featureError('MR_FEATURES_ENTITY_MISSING', `${name} has no row of '${entity}'`, {
          field: 'entity',
          value: entity,
          expected: 'a key with events',
        });
      }
      const lines = Object.entries(found.values).map(([feature, value]) => `${feature}  ${print(value)}`);
      context.answer(found, [...lines, `up to offset ${found.nextOffset} of partition ${found.partition}`].join('\n'));
    });

  features
    .command('materialize [view]')
    .description('fills online rows from the lake where they were never filled; all windowed views where none is named')
    .action(async (name: string | undefined) => {
      const usecase = await context.usecase();
      const views =
        name === undefined
          ? usecase.views.filter((view): view is FeatureView => view.kind === 'windowed')
          : [windowed(usecase, name)];
      const runtime = await context.open();
      const [lake, online, keys] = [await runtime.use('lake'), await runtime.use('online'), await runtime.use('keys')];
      const { backfill } = await import('../../app/features/backfill.ts');
      const filled: (Backfill & { readonly view: string })[] = [];
      for (const view of views) {
        const onProgress = (progress: object) => runtime.logger.info({ view: view.name, ...progress }, 'backfill');
        filled.push({
          view: view.name,
          ...(await backfill({ usecase, view, lake, online, logger: runtime.logger, erased: () => keys.erased(), onProgress })),
        });
      }
      const line = ({ view, version, rows, entities }: (typeof filled)[number]) =>
        version === undefined ? `${view}: nothing to do` : `${view}: ${entities} rows from ${rows} events at version ${version}`;
      context.answer(filled, filled.map(line).join('\n'));
    });

  features
    .command('verify')
    .description('computes served feature values anew from the lake and prints those that differ')
    .option('--sample <n>', 'answers to check', '500')
    .option('--seed <n>', 'which answers to draw', '1')
    .action(async (options: { readonly sample: string; readonly seed: string }) => {
      const usecase = await context.usecase();
      const lake = await (await context.open()).use('lake');
      const { verifyServed } = await import('../../app/features/verify.ts');
      const verified = await verifyServed({ usecase, lake, sample: Number(options.sample), seed: Number(options.seed) });
      const { answers, compared, mismatches } = verified;
      const lines = mismatches.map(
        (m) => `${m.requestId}  ${m.feature}: served ${print(m.served)}, the lake says ${print(m.recomputed)}`,
      );
      context.answer(
        verified,
        [...lines, `${compared} values of ${answers} answers compared, ${mismatches.length} differ`].join('\n'),
      );
      if (mismatches.length > 0) process.exitCode = 1;
    });
}

const print = (value: FeatureValue): string => JSON.stringify(value);

function windowed(usecase: UseCase, name: string): FeatureView {
  const view: AnyView | undefined = usecase.views.find((candidate) => candidate.name === name);
  if (view?.kind === 'windowed') return view;
  const names = usecase.views.filter(({ kind }) => kind === 'windowed').map((known) => known.name);
  throw featureError('MR_FEATURES_VIEW_UNKNOWN', `no windowed view '${name}'`, {
    field: 'view',
    value: name,
    expected: names.join(', '),
  });
}
