import { type DataFiles, withFile } from '../data-files.ts';
import type { Engine } from '../engine.ts';
import { isMissing, lakeError } from '../errors.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { type Action, formatActions, parseActions } from './actions.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { type LogKeys, logKeys, versionsIn } from './log-keys.ts';
import { replay, type TableState } from './state.ts';

/** A checkpoint every so many versions. */
const CHECKPOINT_EVERY = 10;

/** Pinned older versions kept parsed. */
const PINNED = 8;

/**
 * The commit log of one table. Keeps the newest state it has seen and reads only what came after; `append` is a
 * put-if-absent of the next version, so any number of processes may share the table.
 */
export class DeltaLog {
  readonly table: string;
  readonly keys: LogKeys;
  readonly #objects: ObjectStore;
  readonly #engine: Engine;
  readonly #files: DataFiles;
  #newest: TableState | undefined;
  readonly #pinned = new Map<number, TableState>();

  constructor(table: string, objects: ObjectStore, engine: Engine, files: DataFiles) {
    this.table = table;
    this.keys = logKeys(table);
    this.#objects = objects;
    this.#engine = engine;
    this.#files = files;
  }

  /** The newest state, or undefined where the table does not exist. */
  async find(): Promise<TableState | undefined> {
    const known = this.#newest ?? (await this.#fromHint());
    if (known === undefined) return this.#remember(await this.#rebuild(undefined));
    const state = await this.#follow(known);
    // Not even the known version is there any more: others wrote on and cleaned the log meanwhile. Start from what is left.
    if (state === known && !(await this.#objects.has(this.keys.commit(known.version)))) {
      return this.#remember((await this.#rebuild(undefined)) ?? known);
    }
    return this.#remember(state);
  }

  /** @throws MR_LAKE_TABLE_UNKNOWN */
  async newest(): Promise<TableState> {
    const state = await this.find();
    if (state !== undefined) return state;
    throw lakeError('MR_LAKE_TABLE_UNKNOWN', `there is no table ${this.table}`, { field: 'table', value: this.table });
  }

  /** @throws MR_LAKE_VERSION_UNKNOWN naming the versions that can be read */
  async at(version: number): Promise<TableState> {
    const newest = await this.newest();
    const known = version === newest.version ? newest : this.#pinned.get(version);
    if (known !== undefined) return known;
    const state = version >= 0 && version < newest.version ? await this.#rebuild(version) : undefined;
    if (state === undefined) throw await this.#unknown(version, newest.version);
    this.#pinned.set(version, state);
    const oldest = this.#pinned.keys().next();
    if (this.#pinned.size > PINNED && !oldest.done) this.#pinned.delete(oldest.value);
    return state;
  }

  /** Writes the commit after `before`; undefined, and nothing written, when another writer was first. */
  async append(before: TableState | undefined, actions: readonly Action[]): Promise<TableState | undefined> {
    const version = (before?.version ?? -1) + 1;
    // Checked before it is written: a commit that cannot be replayed would lock every reader out.
    const state = replay(this.table, before, version, actions);
    if (!(await this.#objects.putIfAbsent(this.keys.commit(version), formatActions(actions)))) return undefined;
    this.#remember(state);
    // The commit stands whether or not the checkpoint does: a checkpoint only makes reading shorter, and the next one comes soon.
    if (version > 0 && version % CHECKPOINT_EVERY === 0) await this.checkpoint(state).catch(() => undefined);
    return state;
  }

  async checkpoint(state: TableState): Promise<void> {
    const { path, size } = await writeCheckpoint(this.#engine, state);
    await this.#objects.putFile(this.keys.checkpoint(state.version), path);
    await this.#objects.put(this.keys.hint, Buffer.from(JSON.stringify({ version: state.version, size })));
  }

  async versions(): Promise<{ readonly commits: readonly number[]; readonly checkpoints: readonly number[] }> {
    return versionsIn((await this.#objects.list(this.keys.prefix)).map(({ key }) => key));
  }

  /** The actions of one commit; undefined where its entry is not there (any more). */
  async read(version: number): Promise<readonly Action[] | undefined> {
    const key = this.keys.commit(version);
    try {
      return parseActions(await this.#objects.get(key), key);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #remember(state: TableState | undefined): TableState | undefined {
    if (state !== undefined && state.version > (this.#newest?.version ?? -1)) this.#newest = state;
    return this.#newest;
  }

  /** Applies the commits after `known`, up to the end or to `until`. */
  async #follow(known: TableState, until = Number.POSITIVE_INFINITY): Promise<TableState> {
    let state = known;
    while (state.version < until) {
      const actions = await this.read(state.version + 1);
      if (actions === undefined) break;
      state = replay(this.table, state, state.version + 1, actions);
    }
    return state;
  }

  /** The state of the checkpoint that `_last_checkpoint` names. Only a hint: whatever is wrong with it, the listing decides. */
  async #fromHint(): Promise<TableState | undefined> {
    try {
      const { version } = JSON.parse((await this.#objects.get(this.keys.hint)).toString()) as { readonly version: number };
      return await this.#fromCheckpoint(version);
    } catch {
      return undefined;
    }
  }

  async #fromCheckpoint(version: number): Promise<TableState> {
    const key = this.keys.checkpoint(version);
    const actions = await withFile(this.#files, { key }, (path) => readCheckpoint(this.#engine, path)).catch((error: unknown) => {
      this.#files.forget(key);
      throw error;
    });
    return replay(this.table, undefined, version, actions);
  }

  /** From the listing: the newest readable checkpoint at or before `until`, then the commits. Undefined where they do not reach. */
  async #rebuild(until: number | undefined): Promise<TableState | undefined> {
    const { commits, checkpoints } = await this.versions();
    const target = until ?? Math.max(-1, commits.at(-1) ?? -1, checkpoints.at(-1) ?? -1);
    if (target < 0) return undefined;
    let fault: unknown;
    for (const version of checkpoints.filter((one) => one <= target).reverse()) {
      try {
        const state = await this.#follow(await this.#fromCheckpoint(version), until);
        if (state.version >= target) return state;
      } catch (error) {
        fault ??= error;
      }
    }
    const first = await this.read(0);
    const state = first && (await this.#follow(replay(this.table, undefined, 0, first), until));
    if (state !== undefined && state.version >= target) return state;
    if (until !== undefined && fault === undefined) return undefined;
    if (fault !== undefined && first === undefined) throw fault;
    throw lakeError('MR_LAKE_LOG_CORRUPT', `table ${this.table}: version ${(state?.version ?? -1) + 1} is missing from its log`, {
      field: this.keys.commit((state?.version ?? -1) + 1),
      value: state?.version,
      expected: `every commit up to ${target}`,
    });
  }

  async #unknown(version: number, newest: number): Promise<Error> {
    const { commits, checkpoints } = await this.versions();
    const oldest = commits[0] === 0 ? 0 : (checkpoints[0] ?? newest);
    return lakeError('MR_LAKE_VERSION_UNKNOWN', `table ${this.table} has no version ${version}; it has ${oldest} to ${newest}`, {
      field: `${this.table}.version`,
      value: version,
      expected: `${oldest} to ${newest}`,
    });
  }
}
