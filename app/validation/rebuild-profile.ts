import { eventTable } from '../lake/event-table.ts';
import type { ObjectStore } from '../lake/object-store/port.ts';
import type { Lake } from '../lake/port.ts';
import type { EventType, Row } from '../usecases/event.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { validationError } from './errors.ts';
import { storeProfile } from './profile-store.ts';
import { makeProfile, type ReferenceProfile } from './reference-profile.ts';

export interface RebuildOptions {
  readonly usecase: UseCase;
  readonly event: EventType;
  readonly lake: Lake;
  readonly objects: ObjectStore;
  /** Newest rows, by event time, that make the profile. @default 50_000 */
  readonly rows?: number;
}

/**
 * Makes the event's reference profile from the lake and stores it in place of the former one.
 * @throws MR_VALIDATION_PROFILE_EMPTY where the lake holds no row of the event
 */
export async function rebuildProfile(options: RebuildOptions): Promise<ReferenceProfile> {
  const { usecase, event, lake, objects, rows: limit = 50_000 } = options;
  const table = eventTable(usecase, event).name;
  if (!(await lake.has(table))) {
    throw validationError('MR_VALIDATION_PROFILE_EMPTY', `The lake has no table ${table}`, { field: 'event', value: event.name });
  }
  const [schema, name] = table.split('.');
  const columns = Object.keys(event.fields).map(quoted).join(', ');
  // The offsets decide between equal times, so that the same table version makes the same profile.
  const order = `${quoted(event.time)} desc, _partition desc, _offset desc`;
  const rows = await lake.query<Row>(
    `select ${columns} from ${quoted(schema ?? '')}.${quoted(name ?? '')} order by ${order} limit ${Math.trunc(limit)}`,
  );
  const profile = makeProfile(event, rows);
  await storeProfile(objects, usecase, event, profile);
  return profile;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
