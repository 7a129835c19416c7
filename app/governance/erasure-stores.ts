import type { OnlineStore } from '../features/online-store/port.ts';
import type { Lake } from '../lake/port.ts';
import type { UseCase } from '../usecases/usecase.ts';

/** What became of one store's data about the subject. */
export interface StoreOutcome {
  readonly store: 'keys' | 'log' | 'lake' | 'online' | 'embeddings' | 'training' | 'dead letters';
  /** Topic, table or view; several under one name where they fare alike. */
  readonly name: string;
  readonly outcome: 'deleted' | 'unreadable' | 'excluded' | 'ages out';
  /** Rows concerned, where they can be counted. */
  readonly rows?: number;
  readonly note: string;
}

export interface ErasureStores {
  readonly usecase: UseCase;
  readonly online: OnlineStore;
  readonly lake: Lake;
}

const SEALED = 'personal fields are sealed under the deleted key; what is left carries a pseudonym that leads to no person';

/** The erasure manifest: every store that holds data about a subject, derived from the definition, and what an erasure does there. */
export async function eraseFromStores(
  { usecase, online, lake }: ErasureStores,
  pseudonym: string,
): Promise<readonly StoreOutcome[]> {
  const outcomes: StoreOutcome[] = [
    {
      store: 'keys',
      name: 'keyring',
      outcome: 'deleted',
      rows: 1,
      note: "data key and the way from the id to the pseudonym; what the keys' own backups hold of them ages out with these",
    },
  ];
  const count = async (table: string, column: string): Promise<number> => {
    if (!(await lake.has(table))) return 0;
    const rows = await lake.query<{ n: number | bigint }>(`SELECT count(*) AS n FROM ${table} WHERE ${column} = $pseudonym`, {
      params: { pseudonym },
    });
    return Number(rows[0]?.n ?? 0);
  };

  for (const event of usecase.events) {
    const subject = Object.entries(event.fields).find(([, field]) => field.subject)?.[0];
    if (subject === undefined) continue;
    const name = `${usecase.name}.${event.name}`;
    outcomes.push({ store: 'log', name, outcome: 'unreadable', note: SEALED });
    for (const table of [name, `${name}_quarantine`]) {
      outcomes.push({ store: 'lake', name: table, outcome: 'unreadable', rows: await count(table, subject), note: SEALED });
    }
    outcomes.push({
      store: 'dead letters',
      name: `${name}.dead`,
      outcome: 'ages out',
      note: `refused events that name the person are sealed under the deleted key; the others, under the platform's secret, go after ${usecase.retention}`,
    });
  }
  const predictions = `${usecase.name}.prediction`;
  outcomes.push({ store: 'log', name: predictions, outcome: 'unreadable', note: 'answers name the pseudonym only' });
  outcomes.push({
    store: 'lake',
    name: predictions,
    outcome: 'unreadable',
    rows: await count(predictions, 'user_id'),
    note: 'answers name the pseudonym only; they can no longer be explained',
  });
  for (const view of usecase.views) {
    if (view.kind !== 'embedding') continue;
    const table = `${usecase.name}.${view.name}`;
    const rows = await count(table, view.entity.joinKey);
    outcomes.push({
      store: 'embeddings',
      name: table,
      outcome: 'unreadable',
      rows,
      note: 'vectors are sealed under the deleted key',
    });
  }
  const rows = await online.erase(pseudonym);
  outcomes.push({
    store: 'online',
    name: usecase.views.map(({ name }) => name).join(', '),
    outcome: 'deleted',
    rows,
    note: 'rows of every view and release',
  });
  outcomes.push({
    store: 'training',
    name: usecase.model.name,
    outcome: 'excluded',
    note: 'the next training leaves the pseudonym out; a model trained before holds its share until it is replaced',
  });
  return outcomes;
}
