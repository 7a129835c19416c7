/** What a lake table holds, and how its rows look in TypeScript. */
export type LakeType = 'string' | 'long' | 'double' | 'boolean' | 'timestamp' | 'binary' | 'string[]' | 'float[]';
export type LakeValue = string | number | bigint | boolean | null | Buffer | readonly string[] | readonly number[];
export type LakeRow = Readonly<Record<string, LakeValue>>;

export interface TableSpec {
  /** `usecase.table`; in SQL a schema and a table. */
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: LakeType; readonly nullable: boolean }[];
}

export interface LakeChunk {
  readonly rows: number;
  readonly columns: Readonly<Record<string, ArrayLike<LakeValue>>>;
}
