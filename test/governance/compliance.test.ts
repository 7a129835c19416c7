import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../app/canonical.ts';
import { complianceRecord } from '../../app/governance/compliance-record.ts';
import { complianceText } from '../../app/governance/compliance-text.ts';
import { openRegistry } from '../../app/registry/registry.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { MODEL, openFixture } from '../registry/fixture.ts';
import { auditGround } from './audit-ground.ts';

/** A registry over a real audit log and real keys, with one registered version. */
async function released() {
  const [fixture, ground] = [await openFixture(), await auditGround()];
  const { metadata, objects, clock } = fixture;
  const [audit, keys] = [await ground.open(), ground.keys];
  const registry = openRegistry({ metadata, objects, keys, audit, clock });
  const version = await registry.register(await fixture.release(), 'trainer');
  return {
    registry,
    version,
    metadata,
    keys,
    audit,
    record: () => complianceRecord({ usecase: retail, version: version.version, registry, audit, keys, clock }),
    async judge(verdict: 'passed' | 'refused') {
      const { evidence } = await fixture.evidence(version, { verdict, approval: 'local' });
      await registry.recordVerdict('gate', { evidence, signature: await keys.sign(Buffer.from(evidence)) });
    },
    async end() {
      await ground.end();
      await fixture.close();
    },
  };
}

async function onRelease(body: (release: Awaited<ReturnType<typeof released>>) => Promise<void>): Promise<void> {
  const ground = await released();
  try {
    await body(ground);
  } finally {
    await ground.end();
  }
}

test('the record of an approved release has the nine headings, its evidence and only checks that hold', () =>
  onRelease(async ({ registry, version, keys, audit, record, judge }) => {
    await judge('passed');
    await registry.approve(MODEL, version.version, 'reviewer');
    await registry.promote(MODEL, version.version, 'release-manager', 'better by 3 %');
    const signed = await record();
    assert.equal(await keys.verify(Buffer.from(canonicalJson(signed.record)), signed.signature), true);
    assert.deepEqual(
      signed.record.checks.filter(({ holds }) => !holds),
      [],
    );
    assert.deepEqual(
      signed.record.sections.map(({ number }) => number),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );

    const text = complianceText(signed, retail);
    assert.match(text, /none of the areas of Annex III/);
    assert.match(text, /no conformity assessment/);
    const { manifest } = version;
    for (const proof of [
      version.unitId,
      manifest.codeCommit,
      manifest.dataset.queryHash,
      'retail.click = 7',
      manifest.files['card.md'].sha256,
    ]) {
      assert.ok(text.includes(proof), proof);
    }
    for (const { index, action, leaf } of await audit.read()) {
      assert.ok(text.includes(`Evidence, ${action}: \`audit record ${index}, leaf ${leaf}\``), action);
    }
    assert.match(text, /ndcgAt20 0\.2000 \[0\.1800, 0\.2200\] over 100 users/);
    assert.match(text, /promote by release-manager: better by 3 %/);
    assert.match(text, /`click\.user_id` \(pseudonym\), `click\.address` \(sealed\), `user_taste\.taste` \(sealed\)/);
    assert.match(text, /Without profiling/);
  }));

test('the record of a candidate says which checks do not hold', () =>
  onRelease(async ({ record, judge }) => {
    await judge('refused');
    const signed = await record();
    assert.deepEqual(
      signed.record.checks.filter(({ holds }) => !holds).map(({ what }) => what),
      [
        'the newest verdict of the gate is a pass',
        'it was approved, and the approval is about this unit',
        'registration, verdict and approval are in the audit log',
      ],
    );
    assert.match(complianceText(signed, retail), /\*\*does not hold\*\*: the newest verdict/);
  }));

test('a verdict changed in the store is found', () =>
  onRelease(async ({ metadata, record, judge }) => {
    await judge('passed');
    await metadata.db.updateTable('verdicts').set({ evidence: '{}' }).execute();
    const failed = (await record()).record.checks.filter(({ holds }) => !holds).map(({ what }) => what);
    assert.ok(failed.includes('every verdict is about this unit, and signed'));
  }));

test('a manifest changed in the store gets no record', () =>
  onRelease(async ({ metadata, version, record }) => {
    const manifest = canonicalJson({ ...version.manifest, seed: 2 });
    await metadata.db.updateTable('versions').set({ manifest }).execute();
    await assert.rejects(record(), { code: 'MR_GOVERNANCE_RELEASE_ALTERED', expected: version.unitId });
  }));

test('an unknown version is named', () =>
  onRelease(async ({ registry, audit, keys }) => {
    const asked = complianceRecord({ usecase: retail, version: 99, registry, audit, keys, clock: { now: () => 1 } });
    await assert.rejects(asked, { code: 'MR_REGISTRY_VERSION_UNKNOWN' });
  }));
