import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { canonicalJson } from '../canonical.ts';
import type { Micros } from '../clock/port.ts';
import { viewHash } from '../features/view-hash.ts';
import type { ObjectStore } from '../lake/object-store/port.ts';
import type { Lake } from '../lake/port.ts';
import { sha256 } from '../registry/digest.ts';
import type { DatasetPin } from '../registry/release.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { schemaHash } from './schema-hash.ts';
import type { Progress } from './trials.ts';

export interface CheckpointOptions {
  readonly objects: Pick<ObjectStore, 'get' | 'put' | 'delete'>;
  readonly logger: Logger;
  /** Where it lies: `checkpoints/<model>/`. One training of a model runs at a time. */
  readonly prefix: string;
  /** Names the run whose attempts learn from the same data, also where the lake has moved between them. @default each learns from the newest */
  readonly run?: string | undefined;
}

/** Data that a training learns from, as it was pinned. */
export interface Learnt {
  readonly pin: DatasetPin;
  /** Newest moment that its tables tell of, where the labels depend on it. */
  readonly knownAt?: Micros;
}

/** An attempt, from its beginning: what an earlier one left for it. */
export interface Attempt {
  /** Lake versions to learn from, by table; newest where left out. */
  readonly at: Readonly<Record<string, number>> | undefined;
  /** Trials that were done on just this data, and the pin as the run first wrote it; where to save those to come. */
  goOn(learnt: Learnt): Promise<{
    readonly pin: DatasetPin;
    readonly done?: Progress;
    readonly save?: (progress: Progress) => Promise<void>;
  }>;
}

export interface Checkpoint {
  attempt(training: {
    readonly usecase: UseCase;
    readonly lake: Lake;
    readonly codeCommit: string;
    readonly at: Readonly<Record<string, number>> | undefined;
  }): Promise<Attempt>;
  /** The run has its release, and nothing is left to go on from. */
  end(): Promise<void>;
}

const hash = Type.String({ minLength: 1 });
const versions = Type.Record(Type.String(), Type.Integer({ minimum: 0 }));
const FILE = Type.Object({
  format: Type.Literal(1),
  run: Type.Optional(Type.String()),
  code: hash,
  definition: hash,
  seed: Type.Integer(),
  data: Type.Object({
    tables: versions,
    /** Of tables that features are read from, and the dataset does not pin. */
    others: versions,
    queryHash: hash,
    until: Type.Integer(),
    rows: Type.Integer(),
    knownAt: Type.Optional(Type.Integer()),
  }),
  note: Type.Optional(Type.String()),
  trials: Type.Array(
    Type.Object({
      parameters: Type.Record(Type.String(), Type.Number()),
      score: Type.Number(),
      folds: Type.Integer({ minimum: 1 }),
      stopped: Type.Boolean(),
    }),
    { minItems: 1 },
  ),
  /** The best trial, and the numbers that later ones are compared with: of each fold, doubles in base64. */
  best: Type.Object({ trial: Type.Integer({ minimum: 0 }), results: Type.Array(Type.String()) }),
});
type File = Static<typeof FILE>;
const compiled = Compile(FILE);

/** Code that no commit names may be other code the next time. */
const NAMELESS = /-dirty$|^unknown$/;

/**
 * What a training has done so far, one object that each trial replaces whole. The next attempt goes on from it where code,
 * definition, seed and data are the same, and ends with the same files as one that was never interrupted.
 */
export function openCheckpoint({ objects, logger, prefix, run }: CheckpointOptions): Checkpoint {
  const key = `${prefix}search.json`;
  const ignored = (why: string, more: object = {}) => {
    logger.info({ key, ...more }, `the checkpoint is ignored: ${why}`);
    return undefined;
  };

  async function read(): Promise<File | undefined> {
    const bytes = await objects.get(key).catch((fault: { readonly code?: string }) => {
      if (fault.code === 'MR_LAKE_OBJECT_MISSING') return undefined;
      throw fault;
    });
    const file = bytes === undefined ? undefined : parsed(bytes);
    if (file !== 'broken') return file;
    logger.warn({ key }, 'the checkpoint cannot be read and is ignored');
    return undefined;
  }

  return {
    async attempt({ usecase, lake, codeCommit, at }) {
      const now = { code: codeCommit, definition: definitionOf(usecase), seed: usecase.model.seed };
      const found = await read();
      const other = found && (['code', 'definition', 'seed'] as const).find((what) => found[what] !== now[what]);
      const nameless = NAMELESS.test(codeCommit);
      if (found && nameless) ignored('no commit names the code', { code: codeCommit });
      else if (found && other) ignored(`it is of another ${other}`, { was: found[other], is: now[other] });
      const before = nameless || other ? undefined : found;
      const sameRun = before?.run !== undefined && before.run === run;
      return {
        at: at ?? (sameRun ? before.data.tables : undefined),
        async goOn({ pin: { note, ...pin }, ...more }) {
          const data = { ...pin, ...more, others: await otherVersions(usecase, lake, pin.tables) };
          const same = before !== undefined && canonicalJson(before.data) === canonicalJson(data);
          if (before && !same) ignored('it is of other data', { was: before.data, is: data });
          const said = same && sameRun ? before.note : note;
          const head = { format: 1, ...(run !== undefined && { run }), ...now, data, ...(said !== undefined && { note: said }) };
          if (same) logger.info({ key, trials: before.trials.length }, 'going on from a checkpoint');
          return {
            pin: { ...pin, note: said },
            ...(same && { done: progressOf(before) }),
            async save({ trials, best }) {
              const results = best.results.map((values) => Buffer.from(new Float64Array(values).buffer).toString('base64'));
              const bytes = Buffer.from(JSON.stringify({ ...head, trials, best: { ...best, results } }));
              await objects.put(key, bytes).catch((err: unknown) => logger.warn({ key, err }, 'the checkpoint is not written'));
            },
          };
        },
      };
    },
    end: () => objects.delete(key),
  };
}

/** The attempt of a training that keeps no checkpoint. */
export const once = (at: Attempt['at']): Attempt => ({ at, goOn: async ({ pin }) => ({ pin }) });

function parsed(bytes: Buffer): File | 'broken' {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return compiled.Check(value) && value.best.trial < value.trials.length ? value : 'broken';
  } catch {
    return 'broken';
  }
}

const progressOf = ({ trials, best }: File): Progress => ({
  trials,
  best: {
    trial: best.trial,
    results: best.results.map((text) => {
      const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
      return new Float64Array(bytes.buffer, 0, Math.floor(bytes.length / Float64Array.BYTES_PER_ELEMENT));
    }),
  },
});

/** Of all in the definition that a trial's outcome depends on; what the rows are is in the dataset's query hash. */
function definitionOf(usecase: UseCase): string {
  const { name, trainer, objective, folds, segments, inputs } = usecase.model;
  const { name: by, search } = trainer;
  const views = usecase.views.map((view) => [view.name, viewHash(view)]);
  return sha256(canonicalJson({ name, by, search, objective, folds, segments, inputs, views, schema: schemaHash(usecase) }));
}

async function otherVersions(usecase: UseCase, lake: Lake, pinned: DatasetPin['tables']): Promise<Record<string, number>> {
  const sources = usecase.views.flatMap((view) => (view.kind === 'windowed' ? [`${usecase.name}.${view.source.name}`] : []));
  const found: Record<string, number> = {};
  for (const table of new Set(sources))
    if (!(table in pinned) && (await lake.has(table))) found[table] = (await lake.snapshot(table)).version;
  return found;
}
