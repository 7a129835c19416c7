import { errorTable } from '../errors.ts';

/** Faults of the registry and its metadata store. */
export const { error: registryError } = errorTable({
  MR_REGISTRY_LAYOUT_NEWER: {
    status: 409,
    title: 'The data folder was written by a newer Millrace',
    next: 'Use the Millrace version that wrote it, or another folder with --data. Nothing was changed.',
  },
  MR_REGISTRY_LAYOUT_OLDER: {
    status: 503,
    title: 'The database has not been laid out for this version yet',
    next: 'Wait for the run `registry-layout`, or run `millrace registry migrate` as the user that owns the database; then start again.',
  },
  MR_REGISTRY_USERS_MISSING: {
    status: 503,
    title: 'Users of the database have not been made yet',
    next: 'Wait for the operator, or for the run `database-users`, that makes them; then run `millrace registry migrate` again.',
  },
  MR_REGISTRY_METADATA_BUSY: {
    status: 503,
    title: 'Another process holds the metadata store',
    next: 'Try again; if it lasts, look for a stopped process that holds metadata.sqlite open, or on Postgres for a session in pg_stat_activity that is idle in a transaction.',
  },
  MR_REGISTRY_METADATA_CORRUPT: {
    status: 500,
    title: 'The metadata store cannot be read',
    next: 'Restore metadata.sqlite, or the database, from a backup; it was left as it is.',
  },
  MR_REGISTRY_METADATA_FULL: {
    status: 507,
    title: 'The metadata store has no room left on its disk',
    next: 'Free space on the disk of the data folder, or of the database, and try again; nothing half was written.',
  },
  MR_REGISTRY_METADATA_UNREACHABLE: {
    status: 503,
    title: 'The metadata store does not answer',
    next: 'Check that MILLRACE_METADATA_HOST and MILLRACE_METADATA_PORT lead to a Postgres that runs, and that MILLRACE_METADATA_CA_FILE holds who signed its certificate; then try again.',
  },
  MR_REGISTRY_METADATA_DENIED: {
    status: 500,
    title: 'The metadata store refuses this process',
    next: 'Check MILLRACE_METADATA_USER, MILLRACE_METADATA_DATABASE and the file that MILLRACE_METADATA_PASSWORD_FILE names, and what the database grants that user.',
  },
  MR_REGISTRY_MANIFEST_INVALID: {
    status: 422,
    title: 'The release manifest is not one',
    next: 'Train again with `millrace training train`.',
  },
  MR_REGISTRY_FILE_MISSING: {
    status: 409,
    title: 'A file of the release unit is missing',
    next: 'Train again, or restore the object store; a unit is served whole or not at all.',
  },
  MR_REGISTRY_DIGEST_MISMATCH: {
    status: 409,
    title: 'A file of the release unit is not the one that was registered',
    next: 'Restore the file from a backup, or roll back with `millrace registry rollback`.',
  },
  MR_REGISTRY_SIGNATURE_INVALID: {
    status: 409,
    title: 'A signature of the release unit does not hold',
    next: 'Find out who wrote to the metadata store; register, gate or approve again with the right key.',
  },
  MR_REGISTRY_VERSION_UNKNOWN: {
    status: 404,
    title: 'There is no such version',
    next: 'See `millrace registry list`.',
  },
  MR_REGISTRY_NOT_GATED: {
    status: 409,
    title: 'The version has not passed the gate',
    next: 'Run `millrace delivery gate <version>`.',
  },
  MR_REGISTRY_NOT_APPROVED: {
    status: 409,
    title: 'The version is not approved',
    next: 'Run `millrace registry approve <version>`.',
  },
  MR_REGISTRY_SAME_PERSON: {
    status: 403,
    title: 'The author of a version may not approve it',
    next: 'Ask someone else to run `millrace registry approve <version> --as <name>`.',
  },
  MR_REGISTRY_RETIRED: {
    status: 409,
    title: 'The version is retired',
    next: 'Train a new version; a retired one never serves again.',
  },
  MR_REGISTRY_REVOKED: {
    status: 409,
    title: 'The version is revoked',
    next: 'Serve another version: `millrace registry rollback`, or train a new one.',
  },
  MR_REGISTRY_SNAPSHOT_UNREADABLE: {
    status: 422,
    title: 'This is not a snapshot of the registry',
    next: 'Write one with `millrace registry snapshot --out <file>`.',
  },
  MR_REGISTRY_SNAPSHOT_DIGEST: {
    status: 409,
    title: 'The snapshot of the registry is not the one that was pinned',
    next: 'Pin the digest that `millrace registry snapshot` printed, or find out who changed the file.',
  },
  MR_REGISTRY_SNAPSHOT_SIGNATURE: {
    status: 409,
    title: "The signature of the registry's snapshot does not hold",
    next: 'Take the snapshot and the verify key from the same registry; if they are, find out who changed the file.',
  },
  MR_REGISTRY_SNAPSHOT_STALE: {
    status: 409,
    title: 'The snapshot of the registry is too old',
    next: 'Write a new one with `millrace registry snapshot --out <file>` and pin its digest.',
  },
  MR_REGISTRY_CHAMPION: {
    status: 409,
    title: 'The champion cannot be retired',
    next: 'Promote another version first.',
  },
  MR_REGISTRY_NO_PREVIOUS: {
    status: 409,
    title: 'There is no earlier champion to go back to',
    next: 'See `millrace registry list`, and promote an approved version.',
  },
  MR_REGISTRY_TIME_INVALID: {
    status: 422,
    title: 'This is not a time',
    next: 'Give an RFC 3339 time, e.g. 2026-01-31T12:00:00Z.',
  },
  MR_REGISTRY_NAME_INVALID: {
    status: 422,
    title: 'This is not the name of an actor',
    next: 'Give a role or workload name of 1 to 128 characters.',
  },
});
