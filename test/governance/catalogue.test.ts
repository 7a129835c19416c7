import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CATALOGUE, checkAction, isAction } from '../../app/governance/catalogue.ts';
import { LAYERS } from '../../app/layers.ts';

const root = join(import.meta.dirname, '../..');
const sources = ['app', 'pipelines', 'bin'].flatMap((tree) =>
  readdirSync(join(root, tree), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name: join(tree, name), text: readFileSync(join(root, tree, name), 'utf8') })),
);

/** Names of acts in the sources: `action: 'a.b.c'`, and `a.b.${…}` as the pattern of names it is. */
function actionsIn(text: string): readonly string[] {
  return [
    ...text.matchAll(/\baction: ['"`]([a-z]+\.[^'"\n]*?)['"`],?$/gm),
    ...text.matchAll(/\baction: ['"]([a-z]+\.[a-z.]+)['"]/g),
  ].map((match) => match[1] ?? '');
}

test('every act that the code names is in the catalogue', () => {
  const found = sources.flatMap(({ name, text }) => actionsIn(text).map((action) => ({ name, action })));
  assert.ok(found.length >= 8, `found ${found.length} acts`);
  for (const { name, action } of found) {
    if (!action.includes('$')) assert.ok(isAction(action), `${name}: '${action}' is not in app/governance/catalogue.ts`);
    else
      assert.ok(
        Object.keys(CATALOGUE).some((known) => known.startsWith(action.slice(0, action.indexOf('$')))),
        `${name}: '${action}'`,
      );
  }
});

test('the search for acts would see one that is not', () => {
  assert.deepEqual(actionsIn("audit.append({ action: 'lake.table.burn', actor })"), ['lake.table.burn']);
  assert.deepEqual(actionsIn('  action: `lake.table.$' + '{verb}`,'), ['lake.table.$' + '{verb}']);
});

test('names are layer.noun.verb, of a layer or of the pipelines, each with a meaning and who may', () => {
  for (const [name, { may, meaning }] of Object.entries(CATALOGUE)) {
    assert.match(name, /^[a-z]+\.[a-z]+\.[a-z]+$/);
    assert.ok([...LAYERS, 'pipelines'].includes(name.split('.')[0] ?? ''), name);
    assert.ok(may.length > 3 && meaning.length > 10, name);
  }
});

test('a name outside the catalogue is refused with the list, also one that every object has', () => {
  for (const name of ['registry.version.destroy', '', 'constructor', 'toString']) {
    assert.throws(() => checkAction(name), {
      code: 'MR_GOVERNANCE_ACTION_UNKNOWN',
      value: name,
      expected: /governance\.subject\.erase/,
    });
  }
  checkAction('governance.subject.erase');
});
