import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentText, showText, versionTable } from '../../app/registry/text.ts';
import { MODEL, openFixture } from './fixture.ts';

test('a version is shown with what made it, who signed it off and when it answered', async () => {
  const fixture = await openFixture();
  const { registry, release, evidence, clock } = fixture;
  const { version, unitId } = await registry.register(await release(), 'ann');
  await registry.recordVerdict('gate', await evidence({ version, unitId }));
  await registry.approve(MODEL, version, 'olga');
  await registry.promote(MODEL, version, 'olga', 'first model');
  const text = showText(await registry.show(MODEL, version));
  for (const part of [
    'retail-recommender version 1: approved (champion)',
    unitId,
    'retail.click=7',
    'factors=32',
    'd'.repeat(40),
    '0.2000 [0.1800, 0.2200]',
    'passed',
    `${momentText(clock.time)}  promote to version 1 by olga: first model`,
  ])
    assert.ok(text.includes(part), `'${part}' is missing in\n${text}`);
  const table = versionTable(await registry.list(MODEL), { champion: 1, challenger: undefined });
  assert.match(table, /^VERSION {2}STATE {5}ALIAS {5}NDCGAT20 .*\n1 {8}approved {2}champion {2}0\.2000/);
  assert.match(versionTable([], {}), /no versions yet/);
  await fixture.close();
});
