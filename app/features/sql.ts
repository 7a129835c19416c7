import type { Condition, FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { type Column, type Plan, planOf, type Slot, type Tree } from './plan.ts';

export interface HistoricalSql {
  /** Tables, `usecase.table`, that the text reads. */
  readonly tables: readonly string[];
  /**
   * Parameters: `$spine`, a JSON list of `{n, e, t, p, o}` (row number, entity, moment in µs, partition or null, before
   * offset or null). Answers `_n` and one column per feature; timestamps in microseconds.
   */
  readonly text: string;
}

export interface SqlOptions {
  /** Also counts events that the batch audit quarantined: the stream had applied them, training never sees them. @default false */
  readonly quarantined?: boolean;
}

/**
 * The view's values as of each spine row, as DuckDB SQL: events of the entity with time in `(t - window, t]`, in the
 * order (time, event id, offset); DuckDB compares text by its UTF-8 bytes, which is code point order.
 */
export function historicalSql(usecase: Pick<UseCase, 'name'>, view: FeatureView, options: SqlOptions = {}): HistoricalSql {
  const plan = planOf(view);
  const { source } = view;
  const main = `${usecase.name}.${source.name}`;
  const tables = options.quarantined === true ? [main, `${main}_quarantine`] : [main];
  const fields = [...new Set([source.key, source.time, source.id, ...readBy(plan)])].map(name).join(', ');
  const rows = tables
    .map((table) => `select ${fields}, _partition, _offset from ${table.split('.').map(name).join('.')}`)
    .join('\n    union all ');
  const text = `with spine as (
    select unnest(from_json($spine, '[{"n":"BIGINT","e":"VARCHAR","t":"BIGINT","p":"BIGINT","o":"BIGINT"}]'), recursive := true)
  ),
  reach as (select min(t) - ${plan.longest} as since, max(t) as until from spine),
  events as (
    select ${name(source.key)} as _e, epoch_us(${name(source.time)}) as _t, _partition as _p, _offset as _o,
      row_number() over (partition by ${name(source.key)} order by ${name(source.time)}, ${name(source.id)}, _offset) as _s${list(columns(plan))}
    from (${rows})
    where ${name(source.key)} in (select e from spine)
      and ${name(source.time)} > make_timestamptz((select since from reach)) and ${name(source.time)} <= make_timestamptz((select until from reach))
  ),
  slots as (
    select spine.n as _n${list(plan.slots.map((slot, i) => `${slotSql(slot)} as s${i}`))}
    from spine left join events on _e = e and _t > t - ${plan.longest} and _t <= t and (p is null or _p = p) and (o is null or _o < o)
    group by spine.n
  )
  select _n${list(plan.outputs.map((output) => `${treeSql(output.tree)} as ${name(output.name)}`))} from slots order by _n`;
  return { tables, text };
}

/** Quotes an identifier. */
export const name = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

const list = (parts: readonly string[]): string => parts.map((part) => `,\n      ${part}`).join('');

const readBy = (plan: Plan): readonly string[] => [
  ...plan.columns.map(({ field }) => field),
  ...plan.filters.flatMap((conditions) => conditions.map(({ field }) => field)),
];

const columns = (plan: Plan): readonly string[] => [
  ...plan.columns.map((column, i) => `${columnSql(column)} as c${i}`),
  ...plan.filters.map(
    (conditions, i) => `coalesce(${conditions.map((test) => conditionSql(plan, test)).join(' and ')}, false) as f${i}`,
  ),
];

const columnSql = ({ field, type }: Column): string => (type === 'timestamp' ? `epoch_us(${name(field)})` : name(field));

const COMPARISON = { lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

function conditionSql(plan: Plan, test: Condition): string {
  const type = plan.view.source.fields[test.field]?.type ?? 'string';
  const column = columnSql({ field: test.field, type });
  switch (test.test) {
    case 'null':
      return `${column} is null`;
    case 'present':
      return `${column} is not null`;
    case 'in':
      return test.values.length === 0 ? 'false' : `${column} in (${test.values.map(literal).join(', ')})`;
    default:
      return `${column}::double ${COMPARISON[test.test]} ${literal(test.than)}`;
  }
}

/** A number goes through text, so that DuckDB reads the same double as JavaScript and no decimal. */
const literal = (value: string | number | boolean): string =>
  typeof value === 'string' ? text(value) : typeof value === 'boolean' ? String(value) : `${text(String(value))}::double`;

function slotSql(slot: Slot): string {
  const c = `c${slot.column}`;
  const where = [
    `_t > t - ${slot.window}`,
    ...(slot.filter < 0 ? [] : [`f${slot.filter}`]),
    ...(slot.keeps > 0 ? [`${c} is not null`] : []),
  ];
  const filter = `filter (where ${where.join(' and ')})`;
  const total = slot.type === 'double' ? compensated(`list(${c} order by _s) ${filter}`) : `sum(${c}) ${filter}::double`;
  switch (slot.op) {
    case 'count':
      return `count(*) ${filter}`;
    case 'distinct':
      return `count(distinct ${c}) ${filter}`;
    case 'sum':
      return finite(`coalesce(${total}, 0)`);
    case 'mean':
      return finite(`${total} / count(${c}) ${filter}`);
    case 'min':
    case 'max':
      return `${slot.op}(${c}) ${filter}`;
    case 'last':
      return `arg_max(${c}, _s) ${filter}`;
    case 'lastN':
      return `coalesce(arg_max(${c}, _s, ${slot.keeps}) ${filter}, [])`;
  }
}

/** The steps of `sumDoubles` in `exact-sum.ts`: each element is a pair of a sum and what it lost. */
const compensated = (values: string): string => `list_transform([list_reduce(
        list_transform(list_filter(${values}, lambda v: v is not null), lambda v: {'s': v, 'l': 0::double}),
        lambda a, b: {'s': a.s + b.s, 'l': a.l + case when abs(a.s) >= abs(b.s) then a.s - (a.s + b.s) + b.s else b.s - (a.s + b.s) + a.s end},
        {'s': 0::double, 'l': 0::double})], lambda r: r.s + r.l)[1]`;

const finite = (value: string): string => `list_transform([${value}], lambda v: case when isfinite(v) then v end)[1]`;

function treeSql(tree: Tree): string {
  if ('slot' in tree) return `s${tree.slot}`;
  return finite(`${treeSql(tree.of)}::double / nullif(${treeSql(tree.to)}, 0)`);
}
