import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { startMaterializer } from '../../app/features/materialize.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { onlineName } from '../../app/features/view-hash.ts';
import { openEmbeddedAudit } from '../../app/governance/audit-sink/embedded.ts';
import { canonicalJson } from '../../app/governance/canonical.ts';
import {
  type ErasureOptions,
  erase,
  erasureReport,
  erasureText,
  finishErasures,
  sweepErased,
} from '../../app/governance/erasure.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openRow, sealBytes } from '../../app/governance/seal.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openIntake } from '../../app/ingestion/intake.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { decodeEvent, embeddingTable, eventTable, predictionTable } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { startLakeSink } from '../../app/lake/sink.ts';
import { click } from '../../app/usecases/retail/events.ts';
import { activity, taste } from '../../app/usecases/retail/features.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';

const ACTIVITY = onlineName(activity);
const START = 1_767_225_600_000_000;
const ADA = 'ada.canary@example.org';
const BOB = 'bob.canary@example.org';
const ADDRESS = { [ADA]: '2001:db8:cafe::ada', [BOB]: '2001:db8:cafe::b0b' } as Record<string, string>;

/** A data folder after both have clicked twice: log, lake, online rows, embeddings, predictions, one dead letter of each. */
async function shop() {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-erase-'));
  const logger = pino({ level: 'silent' });
  let now = START;
  const clock = { now: () => now++ };
  const keys = openEmbeddedKeys(join(dataDir, 'keys'));
  const log = await openEmbeddedLog(join(dataDir, 'log'));
  const lake = await openEmbeddedLake(await openEmbeddedObjects(join(dataDir, 'objects')), {
    scratchDir: join(dataDir, 'scratch'),
    clock,
  });
  const online = await openEmbeddedOnline(join(dataDir, 'online'));
  const audit = await openEmbeddedAudit({ dir: join(dataDir, 'audit'), witnessDir: join(dataDir, 'audit-witness'), keys, clock });
  const intake = await openIntake({ usecase: retail, log, keys, clock, logger, dedupeDir: join(dataDir, 'dedupe') });
  const wire = (user: string, n: number) => ({
    event_id: `e-${user === ADA ? 'a' : 'b'}-${n}`,
    user_id: user,
    session_id: 's',
    item_id: `item-${n}`,
    kind: 'view',
    price: 9.5,
    address: ADDRESS[user],
    event_time: new Date(START / 1000 - 60_000).toISOString(),
  });
  const people = [ADA, BOB];
  const receipts = await intake.accept(
    'click',
    people.flatMap((user) => [wire(user, 1), wire(user, 2), { ...wire(user, 3), kind: 'stare' }]),
    'test',
  );
  assert.deepEqual(
    receipts.map(({ status }) => status),
    ['accepted', 'accepted', 'refused', 'accepted', 'accepted', 'refused'],
  );

  const table = eventTable(retail, click);
  await lake.ensureTable(table);
  const sink = await startLakeSink({
    log,
    lake,
    topic: 'retail.click',
    table,
    decode: decodeEvent(click),
    clock,
    logger,
    maxWaitMs: 5,
  });
  await sink.caughtUp();
  await sink.close();
  const materializer = startMaterializer({
    usecase: retail,
    view: activity,
    log,
    online,
    clock,
    logger,
    erased: () => keys.erased(),
  });
  await materializer.caughtUp();
  await materializer.close();

  const pseudonyms = people.map((user) => keys.known(user)?.pseudonym ?? '');
  const vectors = pseudonyms.map((entity) => ({
    entity,
    vector: sealBytes(entity, Buffer.alloc(128, 3), keys) ?? Buffer.alloc(0),
  }));
  await lake.ensureTable(embeddingTable(retail, taste));
  const staged = await lake.stage(
    'retail.user_taste',
    vectors.map(({ entity, vector }) => ({ user_id: entity, _unit: 'unit-1', vector, _learnt_at: now })),
  );
  await lake.commit('retail.user_taste', { operation: 'WRITE', add: [staged] });
  await online.write({ rows: vectors.map(({ entity, vector }) => ({ view: 'user_taste@unit-1', entity, row: vector })) });
  await lake.ensureTable(predictionTable(retail));
  const options = { usecase: retail, keys, online, lake, audit, clock, dataDir };
  return {
    options,
    pseudonyms: { ada: pseudonyms[0] ?? '', bob: pseudonyms[1] ?? '' },
    async end() {
      await intake.close();
      for (const port of [audit, online, lake, log]) await port.close();
      keys.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function inShop(body: (ground: Awaited<ReturnType<typeof shop>>) => Promise<void>): Promise<void> {
  const ground = await shop();
  try {
    await body(ground);
  } finally {
    await ground.end();
  }
}

/** Text as it may lie in a file: plain, UTF-16, hex, and base64 at each of its three alignments. */
function forms(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  const hex = bytes.toString('hex');
  const texts = [
    text,
    text.toUpperCase(),
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...texts.map((form) => Buffer.from(form)), Buffer.from(text, 'utf16le')];
}

const filesOf = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());

const findAnywhere = (dir: string, text: string): readonly string[] =>
  filesOf(dir).filter((path) => {
    const bytes = readFileSync(path);
    return forms(text).some((form) => bytes.includes(form));
  });

const withSubject = (options: Omit<ErasureOptions, 'subject'>, subject: string): ErasureOptions => ({ ...options, subject });

test('the search for canaries finds each form of a text', () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-canary-'));
  for (const [i, encoding] of (['utf8', 'hex', 'base64', 'base64url', 'utf16le'] as const).entries()) {
    const bytes =
      encoding === 'utf16le' ? Buffer.from(`x${ADA}y`, 'utf16le') : Buffer.from(Buffer.from(`x${ADA}y`).toString(encoding));
    writeFileSync(join(dir, `${i}`), bytes);
  }
  assert.equal(findAnywhere(dir, ADA).length, 5);
  rmSync(dir, { recursive: true });
});

test('an erased person is in no byte of the data folder and opens nowhere; the others are as before', () =>
  inShop(async ({ options, pseudonyms }) => {
    const { keys, online, lake, audit, dataDir } = options;
    const signed = await erase(withSubject(options, ADA));
    assert.equal(signed.report.pseudonym, pseudonyms.ada);
    assert.equal(keys.verify(Buffer.from(canonicalJson(signed.report)), signed.signature), true);

    assert.ok(
      filesOf(dataDir).some((path) => path.endsWith('.parquet')) && filesOf(dataDir).some((path) => path.includes('/log/')),
    );
    for (const text of [ADA, ADDRESS[ADA] ?? '']) assert.deepEqual(findAnywhere(dataDir, text), [], text);
    // Parquet pages are compressed, so the rows are looked at as well.
    for (const table of await lake.tables()) {
      const rows = JSON.stringify(await lake.query(`SELECT * FROM ${table}`), (_, value) =>
        typeof value === 'bigint' ? Number(value) : value,
      );
      assert.doesNotMatch(rows, /canary|2001:db8/, table);
    }

    const rows = await lake.query<Record<string, string>>('SELECT * FROM retail.click');
    assert.equal(rows.length, 4);
    for (const row of rows) {
      const open = openRow(click, row, keys);
      if (row.user_id === pseudonyms.ada) assert.equal(open, undefined);
      else assert.equal(open?.address, ADDRESS[BOB]);
    }
    for (const view of [ACTIVITY, 'user_taste@unit-1']) {
      const there = (await online.getMany(view, [pseudonyms.ada, pseudonyms.bob])).map((row) => row !== undefined);
      assert.deepEqual(there, [false, true], view);
    }
    const record = (await audit.read()).at(-1);
    assert.deepEqual(
      [record?.action, record?.subject, record?.outcome, record?.index],
      ['governance.subject.erase', pseudonyms.ada, 'done', signed.report.auditIndex],
    );
    assert.deepEqual(erasureReport(dataDir, pseudonyms.ada, keys), signed);
    assert.equal(erasureReport(dataDir, pseudonyms.bob, keys), undefined);
  }));

test('the report names every store with what happened there', () =>
  inShop(async ({ options }) => {
    const signed = await erase(withSubject(options, ADA));
    assert.deepEqual(
      signed.report.stores.map(({ store, name, outcome, rows }) => [store, name, outcome, rows]),
      [
        ['keys', 'keyring', 'deleted', 1],
        ['log', 'retail.click', 'unreadable', undefined],
        ['lake', 'retail.click', 'unreadable', 2],
        ['lake', 'retail.click_quarantine', 'unreadable', 0],
        ['dead letters', 'retail.click.dead', 'ages out', undefined],
        ['log', 'retail.prediction', 'unreadable', undefined],
        ['lake', 'retail.prediction', 'unreadable', 0],
        ['embeddings', 'retail.user_taste', 'unreadable', 1],
        ['online', 'user_activity, user_taste', 'deleted', 2],
        ['training', 'retail-recommender', 'excluded', undefined],
      ],
    );
    const text = erasureText(signed);
    assert.match(text, /deleted {5}2 rows; rows of every view/);
    assert.match(text, /Signed by [0-9a-f]{16}: /);
  }));

test('an unknown subject is refused clearly; the attempt is audited without the id', () =>
  inShop(async ({ options }) => {
    await erase(withSubject(options, ADA));
    for (const subject of ['nobody.canary', ADA]) {
      await assert.rejects(erase(withSubject(options, subject)), (error: Error & { code: string; value: unknown }) => {
        assert.equal(error.code, 'MR_GOVERNANCE_SUBJECT_UNKNOWN');
        assert.doesNotMatch(`${error.message} ${String(error.value)}`, /canary/);
        return true;
      });
      const record = (await options.audit.read()).at(-1);
      assert.deepEqual([record?.subject, record?.outcome], ['unknown', 'refused']);
      assert.deepEqual(findAnywhere(options.dataDir, subject), []);
    }
    assert.equal(readdirSync(join(options.dataDir, 'erasures')).length, 1);
  }));

/** An online store that fails once, as a process does that dies right after the key is deleted. */
function failingOnce(online: OnlineStore): OnlineStore {
  let failed = false;
  return {
    ...online,
    erase(entity) {
      if (failed) return online.erase(entity);
      failed = true;
      return Promise.reject(new Error('killed here'));
    },
  };
}

test("an erasure that died after the key was deleted is finished by asking again, and by no one else's", () =>
  inShop(async ({ options, pseudonyms }) => {
    await assert.rejects(erase(withSubject({ ...options, online: failingOnce(options.online) }, ADA)), /killed here/);
    assert.ok(await options.online.get(ACTIVITY, pseudonyms.ada));
    // Somebody asks for a stranger: the pending erasure is finished, but its report is not theirs.
    await assert.rejects(erase(withSubject({ ...options, online: failingOnce(options.online) }, 'nobody')), /killed here/);
    const signed = await erase(withSubject(options, ADA));
    assert.equal(signed.report.pseudonym, pseudonyms.ada);
    assert.equal(await options.online.get(ACTIVITY, pseudonyms.ada), undefined);
    assert.deepEqual(await finishErasures(options), []);
  }));

test('pending erasures are finished at the next start; a stranger never gets their report', () =>
  inShop(async ({ options, pseudonyms }) => {
    await assert.rejects(erase(withSubject({ ...options, online: failingOnce(options.online) }, ADA)), /killed here/);
    await assert.rejects(erase(withSubject(options, 'nobody')), { code: 'MR_GOVERNANCE_SUBJECT_UNKNOWN' });
    assert.equal(erasureReport(options.dataDir, pseudonyms.ada, options.keys)?.report.pseudonym, pseudonyms.ada);
    assert.equal(options.keys.known(BOB)?.pseudonym, pseudonyms.bob);
  }));

test('rows that reach the online store after an erasure are swept', () =>
  inShop(async ({ options, pseudonyms }) => {
    await erase(withSubject(options, ADA));
    await options.online.write({ rows: [{ view: ACTIVITY, entity: pseudonyms.ada, row: Buffer.from('late') }] });
    assert.equal(await sweepErased(options), 1);
    assert.equal(await sweepErased(options), 0);
    assert.ok(await options.online.get(ACTIVITY, pseudonyms.bob));
  }));

test('a changed report is not taken for one', () =>
  inShop(async ({ options, pseudonyms }) => {
    await erase(withSubject(options, ADA));
    const path = join(options.dataDir, 'erasures', `${pseudonyms.ada}.json`);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"rows":2', '"rows":7'));
    assert.equal(erasureReport(options.dataDir, pseudonyms.ada, options.keys), undefined);
    assert.equal(erasureReport(options.dataDir, '../keys/master', options.keys), undefined);
  }));
