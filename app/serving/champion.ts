import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { MillraceError } from '../errors.ts';
import type { AuditAct, AuditSink } from '../governance/audit-sink/port.ts';
import type { VersionState } from '../registry/metadata/tables.ts';
import type { Registry } from '../registry/registry.ts';
import type { Version } from '../registry/version.ts';
import { loadServingUnit, type UnitSources } from './load-unit.ts';
import type { ServingMetrics } from './metrics.ts';
import type { ServingUnit, UnitSlot } from './unit.ts';

export interface ChampionWatch {
  /** Says that a unit's last request is done and it was closed: its vectors leave the online store on the next look. */
  closed(unit: ServingUnit): void;
  /** The registry has been read, and names no champion: there is nothing to wait for. */
  none(): boolean;
  /** Resolves after the next look at the registry, whether or not there was anything new. */
  looked(): Promise<void>;
  /** Stops looking and waits for a load in progress. */
  stop(): Promise<void>;
}

export interface ChampionOptions extends UnitSources {
  readonly registry: Pick<Registry, 'alias' | 'byUnit' | 'loadUnit'>;
  readonly slot: UnitSlot;
  readonly audit: AuditSink;
  readonly logger: Logger;
  readonly metrics: Pick<ServingMetrics, 'swaps' | 'unit' | 'unitCreated'>;
  /** @default 200 */
  readonly pollMs?: number;
}

/** States in which a version never answers again. */
const GONE: ReadonlySet<VersionState> = new Set(['revoked', 'retired']);

const RETRY_MS = [1_000, 5_000, 30_000, 60_000];

/**
 * Follows the alias `champion`: loads what it points to beside the unit that answers, and swaps when the new one is
 * warm. A unit that cannot be loaded is audited once and tried again ever more rarely; the old one goes on answering. One
 * that was revoked or retired is let go of at the next look, whether or not another takes its place.
 */
export function watchChampion(options: ChampionOptions): ChampionWatch {
  const { slot, logger, metrics, usecase, pollMs = 200 } = options;
  const model = usecase.model.name;
  const stopping = new AbortController();
  let refused: { readonly unitId: string; readonly tries: number; readonly nextTry: number } | undefined;
  let lookers: (() => void)[] = [];
  let none = false;

  const gone: ServingUnit[] = [];

  async function dropVectors(): Promise<void> {
    for (let unit = gone.shift(); unit !== undefined; unit = gone.shift()) {
      // Releases of the same contents share their vectors, and a unit may be back by the time its last request ends.
      const loaded = [slot.current(), slot.former()].flatMap((kept) => kept?.embeddings ?? []).map(({ online }) => online);
      for (const { online } of unit.embeddings) if (!loaded.includes(online)) await options.online.drop(online);
    }
  }

  async function look(): Promise<void> {
    await dropVectors();
    const named = await options.registry.alias(model, 'champion');
    const champion = named !== undefined && GONE.has(named.state) ? undefined : named;
    none = champion === undefined;
    await follow(champion);
    for (const unit of [slot.current(), slot.former()]) if (unit !== undefined) await withdrawIfGone(unit);
  }

  async function follow(champion: Version | undefined): Promise<void> {
    const current = slot.current();
    if (champion === undefined || champion.unitId === current?.unitId) {
      refused = undefined;
      return;
    }
    if (refused?.unitId === champion.unitId && performance.now() < refused.nextTry) return;
    const former = slot.former();
    try {
      const warm =
        former?.unitId === champion.unitId ? former : await loadServingUnit(options, champion.unitId, champion.version);
      await swap(warm, warm === former ? 'returned' : 'loaded', current);
      refused = undefined;
    } catch (error) {
      await refuse(champion.unitId, champion.version, error);
    }
  }

  async function withdrawIfGone(unit: ServingUnit): Promise<void> {
    const state = (await options.registry.byUnit(unit.unitId))?.state;
    if (state === undefined || !GONE.has(state)) return;
    const answered = slot.current() === unit;
    slot.withdraw(unit);
    if (answered) metrics.unit.reset();
    metrics.swaps.inc({ outcome: 'withdrawn' });
    const { unitId, version } = unit;
    const now = slot.current()?.unitId ?? null;
    logger.warn({ unitId, version, state, answered, now }, 'a release was taken out of use');
    await record('serving.unit.withdraw', unitId, 'done', { version, state, answered, now });
  }

  async function swap(unit: ServingUnit, outcome: 'loaded' | 'returned', before: ServingUnit | undefined): Promise<void> {
    slot.swap(unit);
    metrics.unit.reset();
    metrics.unit.set({ unit: unit.unitId, version: String(unit.version) }, 1);
    metrics.unitCreated.set(unit.manifest.createdAt / 1e6);
    metrics.swaps.inc({ outcome });
    logger.info({ unitId: unit.unitId, version: unit.version, before: before?.unitId, outcome }, 'a release answers now');
    const detail = { version: unit.version, outcome, before: before?.unitId ?? null };
    await record('serving.unit.load', unit.unitId, 'done', detail);
  }

  /** The unit already answers, or is already refused: a full audit disk is reported, and changes neither. */
  async function record(
    action: string,
    subject: string,
    outcome: AuditAct['outcome'],
    detail: NonNullable<AuditAct['detail']>,
  ): Promise<void> {
    await options.audit.append({ action, actor: 'serving', subject, outcome, detail }).catch((error: unknown) => {
      logger.error({ err: error, action, unitId: subject }, 'an act could not be audited');
    });
  }

  async function refuse(unitId: string, version: number, error: unknown): Promise<void> {
    const tries = refused?.unitId === unitId ? refused.tries : 0;
    refused = { unitId, tries: tries + 1, nextTry: performance.now() + (RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 0) };
    logger.error(
      { err: error, unitId, version, serving: slot.current()?.unitId },
      'a release was not loaded; the former one goes on',
    );
    if (tries > 0) return;
    metrics.swaps.inc({ outcome: 'refused' });
    const code = error instanceof MillraceError ? error.code : 'unexpected';
    const detail = {
      code,
      version,
      reason: error instanceof Error ? error.message : String(error),
      serving: slot.current()?.unitId ?? null,
    };
    await record('serving.unit.refuse', unitId, 'refused', detail);
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      const waiting = lookers;
      lookers = [];
      await look().catch((error: unknown) =>
        logger.error({ err: error }, 'the registry could not be read; the loaded release goes on'),
      );
      for (const wake of waiting) wake();
      await sleep(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    for (const wake of lookers) wake();
  }

  // Asked for before the first look starts, so that `looked` of a caller in the same turn is that look.
  const watching = Promise.resolve().then(watch);
  return {
    closed: (unit) => {
      gone.push(unit);
    },
    none: () => none,
    looked: () => new Promise<void>((wake) => lookers.push(wake)),
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
