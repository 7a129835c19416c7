import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkUseCase, NAME_LENGTH } from '../../app/usecases/check.ts';
import { defineTable } from '../../app/usecases/event.ts';
import { text } from '../../app/usecases/field.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type DatabaseSource, defineUseCase } from '../../app/usecases/usecase.ts';

const order = defineTable({ name: 'order', key: 'id', fields: { id: text() } });
const person = defineTable({ name: 'person', key: 'id', fields: { id: text(), mail: text({ class: 'pii' }) } });
const SOURCE: DatabaseSource = {
  kind: 'database',
  engine: 'postgres',
  name: 'orders-db',
  tables: [{ from: 'public.order', into: 'order' }],
};
const following = (...sources: readonly DatabaseSource[]) => ({ name: 'shop', tables: [order, person], sources });

test('a name that Kubernetes cannot hold, or that leaves no room for what is named after it, is refused', () => {
  for (const name of ['web_shop', 'Shop', '1shop', 'shop-', '', 'sh.op', 'millrace', 'a'.repeat(NAME_LENGTH + 1)])
    assert.throws(() => checkUseCase({ ...following(), name }), {
      code: 'MR_USECASE_NAME',
      field: 'name',
      value: name,
      expected: /lower-case letters, digits and hyphens/,
    });
  for (const name of ['a', 'web-shop', 'a'.repeat(NAME_LENGTH)])
    assert.doesNotThrow(() => checkUseCase({ ...following(), name }));
});

test('a definition is held to it as it is made', () => {
  const { kind: _, simulation: __, ...definition } = retail;
  assert.throws(() => defineUseCase({ ...definition, name: 'web_shop' } as unknown as Parameters<typeof defineUseCase>[0]), {
    code: 'MR_USECASE_NAME',
  });
});

test('a database is declared whole: its name, its tables, and where each goes', () => {
  assert.doesNotThrow(() => checkUseCase(following(SOURCE, { ...SOURCE, name: 'stock-db' })));
  const refused = (field: string, value: unknown, ...sources: readonly DatabaseSource[]) =>
    assert.throws(() => checkUseCase(following(...sources)), { code: 'MR_USECASE_SOURCE', field, value }, field);
  const tables = (...of: DatabaseSource['tables']): DatabaseSource => ({ ...SOURCE, tables: of });
  refused('sources.name', 'orders-db', SOURCE, SOURCE);
  refused('sources.name', 'orders_db', { ...SOURCE, name: 'orders_db' });
  refused('sources.orders-db.tables', [], tables());
  refused('sources.orders-db.tables.from', 'order', tables({ from: 'order', into: 'order' }));
  refused('sources.orders-db.tables.into', 'basket', tables({ from: 'public.basket', into: 'basket' }));
  refused('sources.orders-db.tables.into', 'person (pii)', tables({ from: 'public.person', into: 'person' }));
  const [table] = SOURCE.tables;
  assert.ok(table !== undefined);
  refused('sources.orders-db.tables.from', 'public.order', tables(table, table));
});
