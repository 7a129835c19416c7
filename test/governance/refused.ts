import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { MillraceError } from '../../app/errors.ts';

/** The fault of ours that an act ends with. */
export async function refused(act: () => Promise<unknown>): Promise<MillraceError> {
  const error: unknown = await act().then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MillraceError, inspect(error));
  return error;
}
