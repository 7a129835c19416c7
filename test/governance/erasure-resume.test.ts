import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { erase, erasureReport, finishErasures } from '../../app/governance/erasure.ts';
import { moveErasures } from '../../app/governance/erasure-objects.ts';
import { ACTIVITY, ADA, BOB, inShop, withSubject } from './erasure-ground.ts';

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
    assert.equal((await erasureReport(options, pseudonyms.ada))?.report.pseudonym, pseudonyms.ada);
    assert.equal((await options.keys.known(BOB))?.pseudonym, pseudonyms.bob);
  }));

test('one that died before the key was deleted is left as it was, and asking again erases', () =>
  inShop(async ({ options, pseudonyms }) => {
    const keys = { ...options.keys, erase: () => Promise.reject(new Error('killed here')) };
    await assert.rejects(erase(withSubject({ ...options, keys }, ADA)), /killed here/);
    assert.deepEqual(await finishErasures(options), []);
    assert.equal((await options.keys.known(ADA))?.pseudonym, pseudonyms.ada);
    assert.equal((await erase(withSubject(options, ADA))).report.pseudonym, pseudonyms.ada);
    assert.deepEqual(await options.objects.list('erasures/retail/started/'), []);
  }));

test('one that died after its report was written has that report, and is told of once', () =>
  inShop(async ({ options, pseudonyms }) => {
    let deaths = 0;
    const dying = async () => {
      deaths += 1;
      throw new Error('killed here');
    };
    await assert.rejects(erase(withSubject({ ...options, objects: { ...options.objects, delete: dying } }, ADA)), /killed here/);
    const records = await options.audit.size();
    const [signed] = await finishErasures(options);
    assert.equal(deaths, 1);
    assert.deepEqual(signed, await erasureReport(options, pseudonyms.ada));
    assert.equal(await options.audit.size(), records);
    assert.deepEqual(await finishErasures(options), []);
  }));

test('reports and marks that a data folder of before kept beside the stores are moved over, once', () =>
  inShop(async ({ options, pseudonyms, dataDir }) => {
    const { objects } = options;
    const signed = await erase(withSubject(options, ADA));
    const report = await objects.get(`erasures/retail/${pseudonyms.ada}.json`);
    await objects.delete(`erasures/retail/${pseudonyms.ada}.json`);
    const folder = join(dataDir, 'erasures');
    mkdirSync(folder);
    writeFileSync(join(folder, `${pseudonyms.ada}.json`), report);
    const mark = JSON.stringify({ pseudonym: 's_gone', actor: 'local', tag: 'some' });
    writeFileSync(join(folder, 's_gone.started.json'), mark);
    await moveErasures(dataDir, options.usecase, objects);
    assert.ok(!existsSync(folder));
    assert.deepEqual(await erasureReport(options, pseudonyms.ada), signed);
    assert.deepEqual(
      (await finishErasures(options)).map(({ report: { pseudonym } }) => pseudonym),
      ['s_gone'],
    );
  }));
