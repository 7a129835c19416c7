import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import { DAY } from '../../app/clock/port.ts';
import type { ObjectStore } from '../../app/lake/object-store/port.ts';

/** What a training leaves that died two days ago, before it registered its release. */
export async function abandonRelease(objects: ObjectStore, model: string): Promise<void> {
  const key = `releases/${model}/abandoned/model.onnx`;
  await objects.put(key, Buffer.from('half a model'));
  const then = new Date(Date.now() - (2 * DAY) / 1000);
  await utimes(objects.location?.(key) ?? assert.fail('the store is not a folder here'), then, then);
}
