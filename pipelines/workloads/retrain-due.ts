import type { Clock } from '../../app/clock/port.ts';
import { type DriftAsk, driftReason } from '../../app/monitoring/drift.ts';
import { openAsks } from '../../app/monitoring/monitor.ts';
import { passedOver } from '../../app/monitoring/retrain-decision.ts';
import type { VersionState } from '../../app/registry/metadata/tables.ts';
import type { RegistryReader } from '../../app/registry/read.ts';
import type { Ports } from '../../app/runtime.ts';
import { labelTable } from '../../app/training/dataset.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { micros } from '../../app/usecases/window.ts';
import { lastRetraining } from '../retrainings.ts';

/** Whether a retraining is to start now, and why or why not. */
export interface Due {
  readonly due: boolean;
  readonly reason: string;
}

export interface DueOptions extends Pick<Ports, 'metadata' | 'lake'> {
  readonly usecase: UseCase;
  readonly registry: Pick<RegistryReader, 'list' | 'alias'>;
  readonly clock: Clock;
}

/** States of a release that gate, approver or promotion has yet to see. */
const ON_ITS_WAY: readonly VersionState[] = ['candidate', 'gated', 'approved'];

/**
 * Whether an open drift wants a retraining, by the decision that the loop takes at once. Beyond the loop's conditions: who
 * runs it keeps two from running together; a release that was trained since and waits for gate, approval or promotion must
 * come to answer first; and where the lake got nothing new, another training would learn the same.
 */
export async function retrainDue({ usecase, metadata, lake, registry, clock }: DueOptions): Promise<Due> {
  const { name } = usecase.model;
  const table = labelTable(usecase);
  const coolDown = micros(usecase.monitors.retrain.coolDown);
  const asks = await openAsks(metadata, usecase);
  const retrained = { running: false, ...(await lastRetraining(metadata, usecase)) };
  const [newest] = await registry.list(name);
  const champion = (await registry.alias(name, 'champion'))?.version ?? 0;
  const held = (await lake.has(table)) ? (await lake.snapshot(table)).version : undefined;

  const no = (reason: string): Due => ({ due: false, reason });
  const [first] = asks;
  if (first === undefined) return no('no drift asks for a retraining');
  const passed = (ask: DriftAsk) => passedOver(ask, retrained, coolDown, clock.now());
  const ask = asks.find((one) => passed(one) === undefined);
  if (ask === undefined) return no(String(passed(first)));
  if (newest !== undefined && newest.version > champion && ON_ITS_WAY.includes(newest.state))
    return no(`version ${newest.version} is ${newest.state} and does not answer yet`);
  if (newest !== undefined && newest.manifest.dataset.tables[table] === held)
    return no(`version ${newest.version} has learnt from all that the lake holds, ${table} at ${held}`);
  return { due: true, reason: driftReason(ask) };
}
