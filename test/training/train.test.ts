import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { decodeVector } from '../../app/features/vector.ts';
import { openBytes } from '../../app/governance/seal.ts';
import { sizeOf } from '../../app/monitoring/sketch.ts';
import { embeddingUnit, type ReleaseFile, type ReleaseManifest } from '../../app/registry/release.ts';
import { openBacktest } from '../../app/training/backtest.ts';
import { decodeModelFile } from '../../app/training/model-file.ts';
import { decodeProfile } from '../../app/training/profile.ts';
import { openRecommender, plainRanker } from '../../app/training/recommender.ts';
import { als } from '../../app/usecases/model.ts';
import { planted, ROLES } from './planted.ts';
import { freshShop, shop, view } from './shop.ts';

type Shop = Awaited<ReturnType<typeof freshShop>>;
const FILES: readonly ReleaseFile[] = ['model.onnx', 'model.json', 'profile.json', 'card.md'];

describe('train', () => {
  let open: Shop;
  let manifest: ReleaseManifest;
  const body = (file: ReleaseFile) => open.objects.get(`${manifest.prefix}${file}`);
  before(async () => {
    open = await freshShop();
    await open.click(planted({ seed: 21 }));
    manifest = await open.train();
  });
  after(() => open.end());

  test('the release holds every file under its digest, and names its data', async () => {
    for (const file of FILES) {
      const bytes = await body(file);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), manifest.files[file].sha256);
      assert.equal(bytes.length, manifest.files[file].bytes);
    }
    assert.deepEqual(manifest.dataset.tables, { 'retail.click': 1 });
    assert.equal(manifest.dataset.rows, 120 * 24);
    assert.equal(manifest.dataset.note, undefined);
    assert.deepEqual(Object.keys(manifest.featureViews), ['user_activity', 'user_taste']);
    assert.ok(manifest.search.trials >= 1 && manifest.search.trials <= 3);
    assert.equal(manifest.search.folds, 3);
  });

  test('it beats popularity clearly on planted tastes', () => {
    const [ours, popular] = [manifest.metrics, manifest.baseline];
    assert.ok(ours.users >= 50);
    assert.equal(ours.users, popular.users);
    assert.ok((ours.metrics.ndcgAt20?.low ?? 0) > (popular.metrics.ndcgAt20?.high ?? 1), JSON.stringify([ours, popular]));
    assert.ok((ours.metrics.coverage?.value ?? 0) > (popular.metrics.coverage?.value ?? 1));
    const users = Object.values(ours.segments).reduce((sum, segment) => sum + segment.users, 0);
    assert.equal(users, ours.users);
  });

  test('a second run gives the same files and doubles no vector', async () => {
    const unit = embeddingUnit(manifest);
    const rows = await open.vectors(unit);
    const again = await open.train();
    assert.deepEqual(again, manifest);
    assert.deepEqual(await open.vectors(unit), rows);
    assert.ok(rows.length > 100);
  });

  test('another process gives the same files', async () => {
    const child = join(import.meta.dirname, 'train-child.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [child, open.dir]);
    assert.deepEqual(JSON.parse(stdout), { prefix: manifest.prefix, files: manifest.files });
  });

  test('the served model answers as the plain calculation over its model file', async () => {
    const [onnx, modelJson] = await Promise.all([body('model.onnx'), body('model.json')]);
    const recommender = await openRecommender({ onnx, modelJson });
    const plain = plainRanker(decodeModelFile(modelJson));
    for (const { user_id, vector } of (await open.vectors(embeddingUnit(manifest))).slice(0, 20)) {
      const opened = await openBytes(user_id, vector, open.keys);
      assert.ok(opened !== undefined && !opened.equals(vector));
      const recent = recommender.popular(3, new Set());
      const inputs = new Map<string, Float32Array | number | readonly string[]>([
        [ROLES.taste, decodeVector(opened)],
        [ROLES.recent, [...recent, 'unknown']],
        [ROLES.activity, 4],
      ]);
      const [ours, theirs] = [await recommender.recommend(inputs, 20), plain.recommend(inputs, 20)];
      assert.equal(ours.items.length, 20);
      assert.ok(ours.items.every((item) => !recent.includes(item)));
      assert.equal(ours.confidence, theirs.confidence);
      assert.ok(ours.confidence > 0 && ours.confidence <= 1);
      ours.scores.forEach((score, place) => {
        assert.ok(Math.abs(score - (theirs.scores[place] as number)) < 1e-5);
      });
    }
    await recommender.close();
  });

  test('the profile covers every monitored value', async () => {
    const profile = decodeProfile(await body('profile.json'));
    assert.equal(profile.rows, 150);
    for (const { feature } of shop.monitors.drift) assert.ok(sizeOf(profile.features[feature] ?? assert.fail(feature)) > 0);
    assert.equal(sizeOf(profile.features['user_activity.events_30d'] ?? assert.fail()), 150);
  });

  test('the card tells data, metrics and limits', async () => {
    const card = (await body('card.md')).toString('utf8');
    for (const part of ['retail.click = 1', 'ndcgAt20', manifest.dataset.queryHash, 'Intended use'])
      assert.ok(card.includes(part), part);
  });
});

describe('train on a changed lake', () => {
  let open: Shop;
  before(async () => {
    open = await freshShop();
    await open.click(planted({ seed: 21 }));
  });
  after(() => open.end());

  test('erased people have no row in what is learnt', async () => {
    const { pseudonym } = await open.keys.subject('u7');
    await open.keys.erase('u7');
    const manifest = await open.train();
    assert.equal(manifest.dataset.rows, 119 * 24);
    const users = (await open.vectors(embeddingUnit(manifest))).map(({ user_id }) => user_id);
    assert.ok(users.length > 100 && !users.includes(pseudonym));
    const backtest = await openBacktest({ usecase: shop, lake: open.lake, keys: open.keys });
    assert.ok(!backtest.dataset.events.users.includes(pseudonym));
  });

  test('an older version is used where it is asked for, and the note says so', async () => {
    const first = await open.train();
    await open.click(planted({ seed: 22, users: 30 }));
    const pinned = await open.train({ at: { 'retail.click': 1 } });
    assert.match(pinned.dataset.note ?? '', /version 1 of retail\.click was asked for; the newest is 2/);
    assert.deepEqual(pinned.files['model.onnx'], first.files['model.onnx']);
    assert.equal((await open.train()).dataset.tables['retail.click'], 2);
  });

  test('a batch that failed its audit is not learnt from, and the note says so', async () => {
    const rows = (await open.train()).dataset.rows;
    await open.quarantine(planted({ seed: 5, users: 3 }));
    const { dataset } = await open.train();
    assert.equal(dataset.rows, rows);
    assert.match(dataset.note ?? '', /72 newer rows failed their audit.*the last published one, was used/);
  });
});

describe('train refuses', () => {
  let open: Shop;
  before(async () => {
    open = await freshShop();
  });
  after(() => open.end());

  test('a lake without events, then one with too short a history', async () => {
    await assert.rejects(open.train(), { code: 'MR_TRAINING_TOO_LITTLE_DATA', field: 'retail.click' });
    await open.click(planted({ seed: 1, users: 5, days: 1 }));
    await assert.rejects(open.train(), { code: 'MR_TRAINING_TOO_LITTLE_DATA', field: 'model.folds.horizon' });
  });

  test('vectors that the embedding view cannot hold, and inputs without a part', async () => {
    const search = { factors: [4], regularization: [0.1], alpha: [10], maxTrials: 1 };
    const misfit = { ...shop, model: { ...shop.model, trainer: als(search) } };
    await assert.rejects(open.train({ usecase: misfit }), { code: 'MR_TRAINING_DIMENSIONS', value: 4, expected: '8' });
    const deaf = { ...shop, model: { ...shop.model, inputs: [`${view.name}.${view.feature}`] } };
    await assert.rejects(open.train({ usecase: deaf }), { code: 'MR_TRAINING_INPUTS' });
    const other = { ...shop, model: { ...shop.model, trainer: { ...shop.model.trainer, name: 'forest' } } };
    await assert.rejects(open.train({ usecase: other }), { code: 'MR_TRAINING_TRAINER_UNKNOWN', value: 'forest' });
  });
});
