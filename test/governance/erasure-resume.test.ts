import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { erase, erasureReport, finishErasures } from '../../app/governance/erasure.ts';
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
    assert.equal((await erasureReport(options.dataDir, pseudonyms.ada, options.keys))?.report.pseudonym, pseudonyms.ada);
    assert.equal((await options.keys.known(BOB))?.pseudonym, pseudonyms.bob);
  }));
