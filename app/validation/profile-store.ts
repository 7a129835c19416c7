import type { ObjectStore } from '../lake/object-store/port.ts';
import type { EventType } from '../usecases/event.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { validationError } from './errors.ts';
import type { ReferenceProfile } from './reference-profile.ts';

export const profileKey = (usecase: UseCase, event: EventType): string => `profiles/${usecase.name}.${event.name}.json`;

/** Replaces the stored profile of the event. @throws MR_VALIDATION_PROFILE_EMPTY for a profile of no rows */
export async function storeProfile(
  objects: ObjectStore,
  usecase: UseCase,
  event: EventType,
  profile: ReferenceProfile,
): Promise<void> {
  if (profile.rows === 0) {
    throw validationError('MR_VALIDATION_PROFILE_EMPTY', `${usecase.name}.${event.name} has no rows to make a profile from`);
  }
  await objects.put(profileKey(usecase, event), Buffer.from(JSON.stringify(profile)));
}

/** The stored profile, undefined before the first one. @throws MR_VALIDATION_PROFILE_BROKEN where the object holds something else */
export async function loadProfile(
  objects: ObjectStore,
  usecase: UseCase,
  event: EventType,
): Promise<ReferenceProfile | undefined> {
  const key = profileKey(usecase, event);
  if (!(await objects.has(key))) return undefined;
  const body = (await objects.get(key)).toString('utf8');
  const profile = parse(body);
  if (profile !== undefined && profile.event === event.name) return profile;
  throw validationError('MR_VALIDATION_PROFILE_BROKEN', `${key} is no reference profile of ${event.name}`, {
    field: key,
    value: body.slice(0, 80),
    expected: `JSON with version 1, event ${event.name}, rows and fields`,
  });
}

function parse(body: string): ReferenceProfile | undefined {
  try {
    const value = JSON.parse(body) as Partial<ReferenceProfile> | null;
    const whole =
      value?.version === 1 && typeof value.rows === 'number' && typeof value.fields === 'object' && value.fields !== null;
    return whole ? (value as ReferenceProfile) : undefined;
  } catch {
    return undefined;
  }
}
