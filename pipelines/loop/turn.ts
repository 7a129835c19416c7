import { backfill } from '../../app/features/materialize.ts';
import { onlineName } from '../../app/features/view-hash.ts';
import type { FeatureView } from '../../app/usecases/feature.ts';
import { pipelineError } from '../errors.ts';
import { takeCatalogueIn } from './catalogue.ts';
import { databaseSteps } from './databases.ts';
import { healedAt } from './healed.ts';
import { takeHistoryIn } from './history.ts';
import type { Loop } from './loop.ts';
import { waitFor, within } from './patience.ts';
import { FIRST_MODEL } from './retraining.ts';

/** One step of a turn, as the task list and the failure report name it. */
export interface TurnStep {
  readonly name: string;
  readonly title: string;
  /** Resolves to what it came to, in a few words. */
  run(progress: (message: string) => void): Promise<string>;
}

/** How long a turn watches for the healing, the time of retrainings not counted: enough for two more; and how long in all. */
const HEALING = { watched: 90_000, all: 240_000 } as const;
/** Windows that are judged before the season changes. */
const STABLE_WINDOWS = 1;

/** The steps of one whole turn. Each is safe to run again: what an earlier run finished is found finished. */
export function turnSteps(loop: Loop): readonly TurnStep[] {
  const { platform, options } = loop;
  const { usecase, source, runtime } = options;
  const { lake, online, metadata, keys } = platform.ports;
  const number = (value: number) => value.toLocaleString('en');
  let firstRun: string | undefined;
  const until = (what: string, holds: () => boolean, progress: () => void) => waitFor(what, holds, progress, loop.closing);
  const windowsJudged = () =>
    Math.max(0, ...[...(loop.monitor()?.state().readings.values() ?? [])].map((readings) => readings.length));
  const traffic = () => {
    const count = loop.traffic()?.count();
    return count === undefined
      ? ''
      : `${number(count.requests)} answers, ${count.failed} failed, window ${Math.round((loop.monitor()?.state().windowFill ?? 0) * 100)} %`;
  };

  const steps: readonly TurnStep[] = [
    {
      name: 'catalogue',
      title: 'Pull the catalogue from the supplier',
      run: async (progress) => {
        const rows = await takeCatalogueIn({
          usecase,
          source,
          lake,
          metadata,
          clock: options.clock,
          logger: runtime.logger,
          onProgress: progress,
        });
        return `${number(rows)} rows`;
      },
    },
    {
      name: 'history',
      title: 'Take the history in',
      run: async (progress) => {
        const count = await takeHistoryIn({ source, intake: platform.intake, metadata, onProgress: progress });
        progress('waiting for the lake');
        await platform.lakeCaughtUp();
        await platform.profileEvents();
        return `${number(count.accepted + count.duplicates)} events in the lake, ${number(count.refused)} in the dead letters`;
      },
    },
    {
      name: 'features',
      title: 'Fill the online store from the lake',
      run: async (progress) => {
        const counts = [];
        for (const view of usecase.views.filter((candidate): candidate is FeatureView => candidate.kind === 'windowed')) {
          await backfill({
            usecase,
            view,
            lake,
            online,
            logger: runtime.logger,
            erased: () => keys.erased(),
            onProgress: (done) => progress(`${view.name}: ${JSON.stringify(done)}`),
          });
          counts.push(`${view.name} of ${number(await online.count(onlineName(view)))} ${view.entity.name}s`);
        }
        return counts.join(', ');
      },
    },
    {
      name: 'train',
      title: 'Train and gate the first model',
      run: async (progress) => {
        // A first training that a crash cut short is finished rather than begun again.
        await loop.resumed;
        const champion = await platform.registry.alias(usecase.model.name, 'champion');
        if (champion === undefined || champion.state === 'revoked') {
          const show = () => progress(`${loop.newestProgress()?.step ?? 'train'}: ${loop.newestProgress()?.message ?? ''}`);
          const timer = setInterval(show, 200);
          const run = loop.retraining.start(FIRST_MODEL);
          const output = (await run?.finally(() => clearInterval(timer)))?.output;
          firstRun = loop.retraining.last()?.runId;
          if (output?.promoted !== true) {
            throw pipelineError(
              'MR_PIPELINES_GATE_REFUSED',
              `The gate refused version ${output?.version}: ${output?.reasons.join('; ')}`,
              {
                field: 'gate.verdict',
                value: output?.verdict,
                expected: 'passed',
              },
            );
          }
        }
        await until(
          'serving to load the champion',
          () => platform.serving.unit() !== undefined,
          () => progress('loading the release'),
        );
        const unit = platform.serving.unit();
        return `version ${unit?.version}, unit ${unit?.unitId.slice(0, 12)}`;
      },
    },
    {
      name: 'serve',
      title: 'Serve live visitors',
      run: async (progress) => {
        await loop.goLive();
        const ended = () => loop.traffic()?.ended() === true;
        await until(
          'predictions to fill the first windows',
          () => windowsJudged() >= STABLE_WINDOWS || ended(),
          () => progress(traffic()),
        );
        return traffic();
      },
    },
    {
      name: 'drift',
      title: source.shiftSeason === undefined ? 'Watch for drift' : 'Change the season and wait for the drift to be seen',
      run: async (progress) => {
        source.shiftSeason?.(options.clock.now());
        const ended = () => loop.traffic()?.ended() === true;
        await until(
          'drift to be detected',
          () => loop.drift() !== undefined || ended(),
          () => progress(traffic()),
        );
        const drift = loop.drift();
        return drift === undefined
          ? 'none in this stream'
          : `${drift.feature}: ${drift.reading.test} ${drift.reading.value.toFixed(3)} over ${drift.reading.threshold}`;
      },
    },
    {
      name: 'retrain',
      title: 'Retrain, gate and promote while serving',
      run: async (progress) => {
        const before = platform.serving.unit();
        const first = firstRun;
        if (loop.drift() === undefined)
          await loop.retraining.start(`end of the stream: ${number(loop.traffic()?.count().posted ?? 0)} new events`);
        const show = () =>
          progress(`${loop.newestProgress()?.step ?? ''}: ${loop.newestProgress()?.message ?? ''} · ${traffic()}`);
        await until('the retraining to end', () => !loop.retraining.running(), show);
        const done = loop.retraining.last();
        if (done === undefined || done.runId === first) {
          throw pipelineError('MR_PIPELINES_STEP_FAILED', 'the retraining did not end well; the log says why', {
            field: 'retrain',
            value: loop.newestProgress()?.step,
            expected: 'a finished run',
          });
        }
        if (done.output.promoted) {
          await until('serving to load the new champion', () => platform.serving.unit()?.version === done.output.version, show);
        } else {
          throw pipelineError(
            'MR_PIPELINES_GATE_REFUSED',
            `The gate refused version ${done.output.version}: ${done.output.reasons.join('; ')}`,
            {
              field: 'gate.verdict',
              value: done.output.verdict,
              expected: 'passed',
            },
          );
        }
        return `version ${before?.version} → ${platform.serving.unit()?.version}, because of ${done.reason}`;
      },
    },
    {
      name: 'heal',
      title: 'See the drift heal under the new release',
      run: async (progress) => {
        const judged = windowsJudged();
        const before = loop.retraining.finished().length;
        const open = () => loop.monitor()?.state().open ?? [];
        // The drift that was reported; a file's stream may bring none, then one more window has to be judged.
        const healed = () =>
          loop.drift() === undefined ? open().length === 0 && windowsJudged() > judged : healedAt(loop) !== undefined;
        const again = () => {
          const reason = loop.retraining.reason();
          return reason === undefined ? traffic() : `${reason} · ${loop.newestProgress()?.step ?? ''} · ${traffic()}`;
        };
        const ended = () => loop.traffic()?.ended() === true;
        const started = performance.now();
        await within(
          { ...HEALING, paused: () => loop.retraining.running() },
          () => healed() || ended(),
          () => progress(again()),
          loop.closing,
        );
        const seconds = Math.round((performance.now() - started) / 1000);
        const further = loop.retraining.finished().length - before;
        const retrainings = further === 0 ? '' : ` after ${further} more retraining${further === 1 ? '' : 's'}`;
        const others = open().map(({ feature }) => feature);
        const left = others.length === 0 ? '' : `; ${others.join(', ')} still open, to be asked about again`;
        if (healed())
          return `${loop.drift()?.feature ?? 'no drift'} ${loop.drift() === undefined ? 'is open' : 'healed'}${retrainings}${left}`;
        const waited = ended() ? 'when the stream ended' : `within ${seconds} s`;
        return `not healed ${waited}${retrainings}: ${others.join(', ')} still open`;
      },
    },
  ];
  const pulls = usecase.sources.some(({ kind }) => kind === 'api');
  return [...databaseSteps(usecase), ...steps.filter(({ name }) => pulls || name !== 'catalogue')];
}
