import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { explain, openExplainer } from '../../app/serving/explain.ts';
import { explanationText } from '../../app/serving/explain-text.ts';
import type { Explained } from '../../app/serving/explanation.ts';
import type { Serving } from '../../app/serving/server.ts';
import { type Fixture, ITEMS, openFixture, USERS } from './fixture.ts';

let fixture: Fixture;
let serving: Serving;
let ids: string[];
/** An answer to a user with a vector and not one event. */
let silent: string;
const MINUTE = 60_000_000;
const REQUESTS = 200;

before(async () => {
  fixture = await openFixture();
  await fixture.promote(await fixture.release(1, { users: [...USERS, 'silent'] }));
  serving = await fixture.start();
  ids = [];
  silent = String((await fixture.call(serving, '/v1/recommend', { user: 'silent', k: 5 })).json['requestId']);
  for (let n = 0; n < REQUESTS; n += 1) {
    const user = USERS[n % USERS.length] ?? '';
    fixture.clock.time += 7 * MINUTE;
    await fixture.click(
      user,
      [ITEMS[(n * 7) % ITEMS.length] ?? ''],
      n % 5 === 0 ? 'purchase' : 'view',
      fixture.clock.time - (n % 3) * MINUTE,
    );
    const context = n % 10 === 0 ? { exclude: ['item-00', 'item-01'] } : {};
    const { json } = await fixture.call(serving, '/v1/recommend', { user, k: 5 + (n % 10), context });
    ids.push(String(json['requestId']));
    // A new release half way through, and small files for the compaction to merge.
    if (n === REQUESTS / 2) {
      await serving.logged();
      await fixture.sink();
      await fixture.promote(await fixture.release(2));
      while (serving.unit()?.version !== 2) await serving.looked();
    }
  }
  // Events that came after the answers, and late ones from before them, may not count.
  for (const user of USERS) await fixture.click(user, ['item-59'], 'view', fixture.clock.time - 600 * MINUTE);
  await serving.logged();
  await fixture.sink();
  for (const table of ['retail.click', 'retail.prediction', 'retail.user_taste']) await fixture.lake.compact(table);
});
after(() => fixture?.close());

const sources = () => {
  const { usecase, lake, registry, keys, audit, clock } = fixture;
  return { usecase, lake, registry, keys, audit, clock };
};

test(`${REQUESTS} past answers are made again after a new release and a compaction: same events, features, items and scores`, async () => {
  const explainer = openExplainer(sources());
  const versions = new Set<number>();
  for (const explanation of await Promise.all(ids.map((id) => explainer.explain(id)))) {
    assert.equal(explanation.status, 'explained');
    if (explanation.status !== 'explained') return;
    assert.ok(explanation.verified, explanationText(explanation));
    assert.ok(explanation.answer.scores.length > 0 && explanation.recomputed.scores.length === explanation.answer.scores.length);
    const byName = new Map(explanation.features.map(({ name, recomputed }) => [name, recomputed]));
    assert.equal(byName.get('user_activity.events_30d'), explanation.events.length);
    assert.ok(explanation.events.every(({ offset }) => offset < (explanation.position?.beforeOffset ?? 0)));
    versions.add(explanation.version);
  }
  await explainer.close();
  assert.deepEqual([...versions], [1, 2]);
});

test('an answer to a user without events is made again from the vector alone', async () => {
  const explanation = (await explain({ ...sources(), requestId: silent })) as Explained;
  assert.ok(explanation.verified, explanationText(explanation));
  assert.deepEqual([explanation.events, explanation.position, explanation.answer.fallback], [[], null, null]);
  assert.deepEqual(
    explanation.embeddings.map(({ found }) => found),
    [true],
  );
});

test('a changed feature in the log, and another vector in the lake, show', async () => {
  const { prediction, ...rest } = await tampered();
  const explanation = (await explain({ ...sources(), lake: rest.lake, requestId: prediction })) as Explained;
  assert.equal(explanation.verified, false);
  assert.deepEqual(
    explanation.features.filter(({ equal }) => !equal).map(({ name }) => name),
    ['user_activity.events_30d'],
  );
  assert.equal(explanation.recomputed.equal, false);
  assert.match(explanationText(explanation), /NOT verified/);
});

/** The lake, with one served value and the scores of one prediction changed on their way out. */
async function tampered() {
  const prediction = ids[5] ?? '';
  const lake = Object.assign(Object.create(fixture.lake) as typeof fixture.lake, {
    async query(sql: string, options?: object) {
      const rows = await fixture.lake.query(sql, options);
      if (!sql.includes('prediction')) return rows;
      return rows.map((row) => ({
        ...row,
        features: String(row['features']).replace(/"user_activity.events_30d":\d+/, '"user_activity.events_30d":999'),
        scores: [...(row['scores'] as readonly number[])].map((score) => score + 1e-3),
      }));
    },
  });
  return { prediction, lake };
}

test('an answer of the fallback is made again too', async () => {
  const { json } = await fixture.call(serving, '/v1/recommend', { user: 'nobody', k: 7, context: { exclude: ['item-02'] } });
  await serving.logged();
  await fixture.sink();
  const explanation = (await explain({ ...sources(), requestId: String(json['requestId']) })) as Explained;
  assert.deepEqual(
    [
      explanation.verified,
      explanation.answer.fallback,
      explanation.answer.reason,
      explanation.subject,
      explanation.recomputed.items,
    ],
    [true, 'popular', 'unknown-user', null, json.items],
  );
});

test('the route explains with the scope, and an id nobody was answered with is 404', async () => {
  const { status, json } = await fixture.call(serving, `/v1/explain/${ids[3]}`, undefined, 'explain');
  assert.deepEqual([status, json['requestId'], json['verified']], [200, ids[3], true]);
  const unknown = await fixture.call(serving, '/v1/explain/01234567-89ab-7cde-8f01-23456789abcd', undefined, 'explain');
  assert.deepEqual([unknown.status, unknown.json['code']], [404, 'MR_SERVING_REQUEST_UNKNOWN']);
  for (const requestId of ["x' or '1'='1", '', 'ä'])
    await assert.rejects(explain({ ...sources(), requestId }), { code: 'MR_SERVING_REQUEST_UNKNOWN' });
});

test('the text names events by offset, features, release and verdict', async () => {
  const text = explanationText(await explain({ ...sources(), requestId: ids[150] ?? '' }));
  for (const part of [
    /retail\.click\/\d@\d+/,
    /= user_activity\.events_30d/,
    /user_taste\.taste +vector of 32/,
    /sha256 [0-9a-f]{64}/,
    /Verified: the same/,
  ]) {
    assert.match(text, part);
  }
});

test('a model file changed after the answer is told from the right one', async () => {
  const registry = {
    loadUnit: async (unitId: string) => {
      const loaded = await fixture.registry.loadUnit(unitId);
      const other = await fixture.registry.loadUnit((await fixture.registry.show('retail-recommender', 2)).unitId);
      return { ...loaded, files: other.files };
    },
  };
  const explanation = (await explain({ ...sources(), registry, requestId: ids[1] ?? '' })) as Explained;
  assert.deepEqual([explanation.version, explanation.recomputed.sameItems, explanation.verified], [1, false, false]);
});

// Last: it erases.
test('after an erasure nothing but the date is told', async () => {
  const user = USERS[4] ?? '';
  const pseudonym = (await fixture.keys.erase(user)) ?? '';
  await fixture.audit.append({ action: 'governance.subject.erase', actor: 'privacy', subject: pseudonym, outcome: 'done' });
  const explanation = await explain({ ...sources(), requestId: ids[4] ?? '' });
  assert.deepEqual(
    [explanation.status, 'features' in explanation, JSON.stringify(explanation).includes(pseudonym)],
    ['erased', false, false],
  );
  assert.match(explanationText(explanation), /erased on 2026-01-01T23:20/);
  const { json } = await fixture.call(serving, '/v1/recommend', { user, k: 3 });
  assert.deepEqual([json['fallback'], json['reason']], ['popular', 'unknown-user']);
});
