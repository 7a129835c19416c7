/** The online store: latest row of a feature view by entity key, with the offsets it was made from. */
export interface OnlineStore {
  get(view: string, entity: string): Promise<Buffer | undefined>;
  getMany(view: string, entities: readonly string[]): Promise<readonly (Buffer | undefined)[]>;
  /**
   * All or nothing for who goes on at `offsets`: they are never ahead of a row, and a batch may be written again.
   * @throws MR_FEATURES_OFFSETS_MOVED where another has moved one of them since this process read or wrote that consumer's
   */
  write(batch: OnlineBatch): Promise<void>;
  /** Offsets that the rows of this consumer already hold, per partition. */
  offsets(consumer: string): Promise<ReadonlyMap<number, number>>;
  /** Removes the entity's rows in every view (erasure). Resolves to how many there were. */
  erase(entity: string): Promise<number>;
  /** Removes a view's rows (a retired release). */
  drop(view: string): Promise<void>;
  count(view: string): Promise<number>;
  close(): Promise<void>;
}

export interface OnlineBatch {
  readonly rows: readonly { readonly view: string; readonly entity: string; readonly row: Buffer }[];
  readonly offsets?: { readonly consumer: string; readonly next: ReadonlyMap<number, number> };
}
