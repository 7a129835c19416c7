import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../app/canonical.ts';
import { erasedSweeper } from '../../app/governance/erased-sweeper.ts';
import { erase, erasureReport, erasureText } from '../../app/governance/erasure.ts';
import { openRow } from '../../app/governance/seal.ts';
import { click } from '../../app/usecases/retail/events.ts';
import { filesOf, findAnywhere } from './canary.ts';
import { ACTIVITY, ADA, ADDRESS, BOB, inShop, withSubject } from './erasure-ground.ts';

test('an erased person is in no byte of the data folder and opens nowhere; the others are as before', () =>
  inShop(async ({ options, pseudonyms, dataDir }) => {
    const { keys, online, lake, audit } = options;
    const signed = await erase(withSubject(options, ADA));
    assert.equal(signed.report.pseudonym, pseudonyms.ada);
    assert.equal(await keys.verify(Buffer.from(canonicalJson(signed.report)), signed.signature), true);

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
      const open = await openRow(click, row, keys);
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
    assert.deepEqual(await erasureReport(options, pseudonyms.ada), signed);
    assert.equal(await erasureReport(options, pseudonyms.bob), undefined);
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
  inShop(async ({ options, dataDir, pseudonyms }) => {
    await erase(withSubject(options, ADA));
    for (const subject of ['nobody.canary', ADA]) {
      await assert.rejects(erase(withSubject(options, subject)), (error: Error & { code: string; value: unknown }) => {
        assert.equal(error.code, 'MR_GOVERNANCE_SUBJECT_UNKNOWN');
        assert.doesNotMatch(`${error.message} ${String(error.value)}`, /canary/);
        return true;
      });
      const record = (await options.audit.read()).at(-1);
      assert.deepEqual([record?.subject, record?.outcome], ['unknown', 'refused']);
      assert.deepEqual(findAnywhere(dataDir, subject), []);
    }
    const left = (await options.objects.list('erasures/')).map(({ key }) => key);
    assert.deepEqual(left, [`erasures/retail/${pseudonyms.ada}.json`]);
  }));

test('rows that reach the online store after an erasure are swept', () =>
  inShop(async ({ options, pseudonyms }) => {
    await erase(withSubject(options, ADA));
    await options.online.write({ rows: [{ view: ACTIVITY, entity: pseudonyms.ada, row: Buffer.from('late') }] });
    const sweep = erasedSweeper(options);
    assert.equal(await sweep(), 1);
    assert.equal(await sweep(), 0);
    assert.ok(await options.online.get(ACTIVITY, pseudonyms.bob));
  }));

test('a changed report is not taken for one', () =>
  inShop(async ({ options, pseudonyms }) => {
    await erase(withSubject(options, ADA));
    const key = `erasures/retail/${pseudonyms.ada}.json`;
    const text = (await options.objects.get(key)).toString();
    await options.objects.put(key, Buffer.from(text.replace('"rows":2', '"rows":7')));
    assert.equal(await erasureReport(options, pseudonyms.ada), undefined);
    assert.equal(await erasureReport(options, '../keys/master'), undefined);
  }));
