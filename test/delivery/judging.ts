import { pino } from 'pino';
import { HOUR } from '../../app/clock/port.ts';
import type { Verdict } from '../../app/delivery/evidence.ts';
import { type GateOptions, runGate } from '../../app/delivery/gate.ts';
import type { JudgedData } from '../../app/delivery/judged-data.ts';
import type { Lake } from '../../app/lake/port.ts';
import type { Version } from '../../app/registry/version.ts';
import type { RecommenderUseCase } from '../../app/usecases/usecase.ts';
import type { Fixture } from '../registry/fixture.ts';
import { judgedData, plantedRows, shop, untilOf } from './fixture.ts';

export const ROWS = plantedRows();
export const DATA = judgedData(ROWS);

/** Judges a version of the fixture's registry, an hour after its newest event. */
export function gateOf(
  fixture: Fixture,
  version: Version,
  data: JudgedData = DATA,
  change: Partial<GateOptions> = {},
): Promise<Verdict> {
  fixture.clock.time = untilOf(data) + HOUR;
  const { registry, objects, keys, audit, clock } = fixture;
  return runGate({
    ...{ usecase: shop, registry, objects, keys, audit, clock },
    lake: undefined as unknown as Lake,
    version: version.version,
    logger: pino({ level: 'silent' }),
    readData: async () => data,
    // Every answer takes a millisecond, whatever else the machine does.
    timer: steps(0.5),
    ...change,
  });
}

/** A timer that moves on by so many milliseconds each time it is read. */
export function steps(milliseconds: number): () => number {
  let now = 0;
  return () => {
    now += milliseconds;
    return now;
  };
}

/** Names of the checks that did not pass. */
export const failed = ({ checks }: Verdict) => checks.filter(({ passed }) => !passed).map(({ name }) => name);

export const withGate = (gate: Partial<RecommenderUseCase['gate']>): RecommenderUseCase => ({
  ...shop,
  gate: { ...shop.gate, ...gate },
});
