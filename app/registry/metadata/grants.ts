import { GATE_TABLE } from '../../governance/keys/postgres-gate.ts';
import { KEYRING_TABLES } from '../../governance/keys/postgres-schema.ts';
import type { Tables } from './tables.ts';
import { EVERYDAY_USERS, type EverydayUser, userName } from './users.ts';

/** What one user may do with a table beside reading it. */
interface Write {
  readonly user: EverydayUser;
  readonly insert?: true;
  /** Columns that may be set anew; the others stay as they were inserted. */
  readonly update?: readonly string[];
  readonly delete?: true;
  /** In SQL, which rows these rights are about. @default all of them */
  readonly rows?: string;
}

/**
 * Who writes what, derived from what the workloads do: training lists candidates and challengers, the gate judges, and what
 * answers (champion, approvals, verdicts, history) is the gate's alone; what happened is added to and never changed. Every user
 * reads every table. A table that is missing here does not compile.
 */
const WRITES: { readonly [Name in keyof Tables]: readonly Write[] } = {
  layout: [],
  versions: [
    { user: 'writer', insert: true, rows: `state = 'candidate'` },
    { user: 'gate', update: ['state'] },
  ],
  aliases: [
    { user: 'writer', insert: true, update: ['version', 'at'], rows: `alias = 'challenger'` },
    { user: 'gate', insert: true, update: ['version', 'at'], delete: true },
  ],
  approvals: [{ user: 'gate', insert: true }],
  verdicts: [{ user: 'gate', insert: true }],
  deployments: [{ user: 'gate', insert: true }],
  runs: [{ user: 'writer', insert: true, update: ['state', 'error', 'ended_at'] }],
  // Of the runner and the sources that run over a data folder: no workload of a cluster writes these.
  steps: [],
  uploads: [],
  cursors: [],
  settings: [{ user: 'writer', insert: true, update: ['value'] }],
};

export const TABLES = Object.keys(WRITES) as readonly (keyof Tables)[];

const EVERYONE = EVERYDAY_USERS.map(userName).join(', ');

/** The statements that give each user its rights on one table, in place of all that it had. */
function tableStatements(table: keyof Tables): readonly string[] {
  const on = `public.${table}`;
  const writes = WRITES[table];
  const rights = writes.flatMap(({ user, insert, update, delete: remove }) => [
    ...(insert ? [`grant insert on ${on} to ${userName(user)}`] : []),
    ...(update ? [`grant update (${update.join(', ')}) on ${on} to ${userName(user)}`] : []),
    ...(remove ? [`grant delete on ${on} to ${userName(user)}`] : []),
  ]);
  return [
    `revoke all on ${on} from public, ${EVERYONE}`,
    `grant select on ${on} to ${EVERYONE}`,
    ...rights,
    ...(writes.some(({ rows }) => rows !== undefined)
      ? rowStatements(on, writes)
      : [`alter table ${on} disable row level security`]),
  ];
}

/** Where rights are about some rows, each user's command needs a policy, reading too; the owner needs none. */
function rowStatements(on: string, writes: readonly Write[]): readonly string[] {
  const policy = (name: string, words: string) => `create policy ${name} on ${on} ${words}`;
  return [
    policy('everyone_select', `for select to ${EVERYONE} using (true)`),
    ...writes.flatMap(({ user, rows = 'true', ...may }) => [
      ...(may.insert ? [policy(`${user}_insert`, `for insert to ${userName(user)} with check (${rows})`)] : []),
      ...(may.update ? [policy(`${user}_update`, `for update to ${userName(user)} using (${rows}) with check (${rows})`)] : []),
      ...(may.delete ? [policy(`${user}_delete`, `for delete to ${userName(user)} using (${rows})`)] : []),
    ]),
    `alter table ${on} enable row level security`,
  ];
}

/** What is let in at all: the everyday users, to read names; nobody makes anything in the schema of the tables but its owner. */
const DOOR_STATEMENTS: readonly string[] = [
  `revoke all on schema public from public, ${EVERYONE}`,
  `grant usage on schema public to ${EVERYONE}`,
];

const KEYS = userName('keys');
const KEY_HOLDERS = (['gate', 'writer', 'keys'] as const).map(userName).join(', ');

/**
 * The subjects' keys. The tables are the owner's: who owns one runs what it hangs on it with the rights of whoever reads. Those
 * who meet persons add keys; the user that keeps them makes the first keys and erases; numbers are the database's own.
 */
const KEYRING_STATEMENTS: readonly string[] = [
  ...KEYRING_TABLES,
  `revoke all on schema keyring from public, ${EVERYONE}`,
  `grant usage on schema keyring to ${KEY_HOLDERS}`,
  `revoke all on all tables in schema keyring from public, ${EVERYONE}`,
  `grant select on all tables in schema keyring to ${KEY_HOLDERS}`,
  `grant insert (lookup, pseudonym, wrapped) on keyring.subjects to ${KEY_HOLDERS}`,
  `grant insert (name, wrapped) on keyring.secrets to ${KEY_HOLDERS}`,
  `grant insert (wrapped) on keyring.master to ${KEYS}`,
  `grant insert (key_id, wrapped) on keyring.signing to ${KEYS}`,
  `grant insert (pseudonym) on keyring.erased to ${KEYS}`,
  `grant delete on keyring.subjects to ${KEYS}`,
];

const GATE = userName('gate');

/** Public halves of the gate's keys: it alone says which they are, and cannot take one back. */
const GATE_STATEMENTS: readonly string[] = [
  ...GATE_TABLE,
  `revoke all on schema gate from public, ${EVERYONE}`,
  `grant usage on schema gate to ${EVERYONE}`,
  `revoke all on gate.keys from public, ${EVERYONE}`,
  `grant select on gate.keys to ${EVERYONE}`,
  `grant insert on gate.keys to ${GATE}`,
];

/** Every right within the database, as statements of its owner that may be run again; policies that were there are dropped before. */
export const GRANT_STATEMENTS: readonly string[] = [
  ...DOOR_STATEMENTS,
  ...TABLES.flatMap(tableStatements),
  ...KEYRING_STATEMENTS,
  ...GATE_STATEMENTS,
];
