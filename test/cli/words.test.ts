import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { refusal, run, withFolder } from './front-door.ts';

test('an unknown command exits 2 and is named', async () => {
  const { code, stderr } = await run('turn-the-mill');
  assert.equal(code, 2);
  assert.match(stderr, /unknown command 'turn-the-mill'/);
});

test('an unknown command of a layer exits 2 and is named', async () => {
  const { code, stderr } = await run('lake', 'drain');
  assert.equal(code, 2);
  assert.match(stderr, /unknown command 'drain'/);
});

test('an unknown flag exits 2 and is named', () =>
  withFolder(async (data) => {
    const { code, stderr } = await run('start', '--data', data, '--twice');
    assert.equal(code, 2);
    assert.match(stderr, /unknown option '--twice'/);
    assert.ok(!existsSync(data));
  }));

test('an unknown use case is refused before a folder is made', () =>
  withFolder(async (data) => {
    const { code, field, value, expected } = refusal(await run('--usecase', 'fishing', 'start', '--once', '--data', data));
    assert.deepEqual([code, field, value], ['MR_USECASE_UNKNOWN', '--usecase', 'fishing']);
    assert.match(expected ?? '', /^one of .*retail/);
    assert.ok(!existsSync(data));
  }));

test('a command on a data folder that is not there is refused, and makes none', () =>
  withFolder(async (data) => {
    for (const words of [
      ['registry', 'list'],
      ['lake', 'tables'],
      ['serving', 'explain', 'r1'],
    ]) {
      const { code, field, value, expected } = refusal(await run('--data', data, ...words));
      assert.deepEqual([code, field, value], ['MR_CLI_DATA_MISSING', '--data', data]);
      assert.equal(expected, 'a folder made by npm start');
    }
    assert.ok(!existsSync(data));
  }));

test('a version that is no number exits 2, and says what one is', async () => {
  const { code, stderr } = await run('registry', 'show', 'newest');
  assert.equal(code, 2);
  assert.match(stderr, /'newest' is invalid .* Expected a version number, e\.g\. 3/);
});
