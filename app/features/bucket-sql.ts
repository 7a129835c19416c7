import type { FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { fieldsOf } from './fields-of.ts';
import { name } from './sql.ts';

export interface BucketOptions {
  readonly buckets: number;
  /** Next offset by partition: rows at or past it are left to the stream. */
  readonly next: ReadonlyMap<number, number>;
  /** Also rows that the batch audit quarantined, since the stream applies them too. */
  readonly quarantined: boolean;
}

/** The view's events of the entities in bucket `$bucket`, by entity and offset. MD5, so that a bucket outlives a DuckDB release. */
export function bucketSql(usecase: Pick<UseCase, 'name'>, { source, ...view }: FeatureView, options: BucketOptions): string {
  const fields = [...new Set([source.key, source.time, source.id, ...fieldsOf({ source, ...view })])].map(name).join(', ');
  const tables = [source.name, ...(options.quarantined ? [`${source.name}_quarantine`] : [])];
  const limits = [...options.next].map(([partition, next]) => `when ${partition} then ${next}`).join(' ');
  const below = limits === '' ? 'true' : `_offset < case _partition ${limits} else 0 end`;
  const selects = tables.map(
    (table) => `select ${fields}, _partition, _offset from ${name(usecase.name)}.${name(table)}
      where ${below} and md5_number_lower(${name(source.key)}) % ${options.buckets} = $bucket`,
  );
  return `select * from (${selects.join('\n    union all ')}) order by ${name(source.key)}, _offset`;
}
