import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MillraceError } from '../../app/errors.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { eventTable } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { ObjectStore } from '../../app/lake/object-store/port.ts';
import type { Lake } from '../../app/lake/port.ts';
import { click } from '../../app/usecases/retail/events.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { loadProfile, profileKey, storeProfile } from '../../app/validation/profile-store.ts';
import { rebuildProfile } from '../../app/validation/rebuild-profile.ts';
import { makeProfile } from '../../app/validation/reference-profile.ts';
import { clock, NOW } from './order-event.ts';

let dir = '';
let objects: ObjectStore;
let lake: Lake;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-profile-'));
  objects = await openEmbeddedObjects(join(dir, 'objects'));
  lake = await openEmbeddedLake(objects, { scratchDir: join(dir, 'scratch'), clock });
});
after(async () => {
  await lake.close();
  await rm(dir, { recursive: true });
});

const coded = (code: string) => (error: unknown) => error instanceof MillraceError && error.code === code;

test('before any event there is no profile to rebuild', async () => {
  assert.equal(await loadProfile(objects, retail, click), undefined);
  const rebuilding = rebuildProfile({ usecase: retail, event: click, lake, objects });
  await assert.rejects(rebuilding, coded('MR_VALIDATION_PROFILE_EMPTY'));
});

test('a profile is made of the newest rows of the lake, stored and read back', async () => {
  const table = eventTable(retail, click);
  const rows = Array.from({ length: 200 }, (_, index) => ({
    event_id: `e-${index}`,
    user_id: `p_${index % 20}`,
    session_id: 's',
    item_id: `i-${index % 10}`,
    kind: index % 4 === 0 ? 'basket' : 'view',
    price: index < 100 ? 1 : null,
    address: 'enc:v1:AAAA',
    event_time: NOW + index,
    _partition: 0,
    _offset: index,
    _ingested_at: NOW,
  }));
  await lake.ensureTable(table);
  await lake.commit(table.name, { operation: 'WRITE', add: [await lake.stage(table.name, rows)] });

  const profile = await rebuildProfile({ usecase: retail, event: click, lake, objects, rows: 120 });
  assert.equal(profile.rows, 120);
  assert.ok(Math.abs((profile.fields.price?.nullRate ?? 0) - 100 / 120) < 1e-12, 'the newest 120 hold all 100 nulls');
  assert.deepEqual(profile.fields.kind?.categories, { counts: { view: 90, basket: 30, purchase: 0 }, rest: 0 });
  assert.deepEqual(await loadProfile(objects, retail, click), profile);
});

test('a broken profile is said to be broken', async () => {
  for (const body of [
    '{"version":1',
    '[]',
    'null',
    '{"version":2,"event":"click","rows":1,"fields":{}}',
    '{"version":1,"event":"order","rows":1,"fields":{}}',
  ]) {
    await objects.put(profileKey(retail, click), Buffer.from(body));
    await assert.rejects(loadProfile(objects, retail, click), coded('MR_VALIDATION_PROFILE_BROKEN'), body);
  }
});

test('a profile of no rows is not stored', async () => {
  await assert.rejects(storeProfile(objects, retail, click, makeProfile(click, [])), coded('MR_VALIDATION_PROFILE_EMPTY'));
});
