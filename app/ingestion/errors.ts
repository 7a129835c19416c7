import { errorTable } from '../errors.ts';

export const { error: ingestionError } = errorTable({
  MR_INGESTION_TOPIC_MISMATCH: {
    status: 409,
    title: 'The topic exists with another number of partitions',
    next: 'keep the number of partitions of the source, or start in a new data folder (`--data DIR`); on a cluster, update the stack',
  },
  MR_INGESTION_TOPIC_UNKNOWN: { status: 404, title: 'No such topic', next: 'list the topics: `millrace ingestion status`' },
  MR_INGESTION_TOPIC_INVALID: {
    status: 400,
    title: 'Not a topic',
    next: 'name it with lower-case letters, digits, dot, dash and underscore, and give it at least one partition',
  },
  MR_INGESTION_OFFSET_INVALID: {
    status: 400,
    title: 'No such offset',
    next: 'commit an offset between 0 and the end of the partition',
  },
  MR_INGESTION_PARTITION_LOST: {
    status: 409,
    title: 'The partition is another member’s now',
    next: 'nothing: whoever has it goes on from what was committed',
  },
  MR_INGESTION_RECORD_TOO_LARGE: { status: 413, title: 'A record is larger than the log takes', next: 'split the record' },
  MR_INGESTION_LOG_LOCKED: {
    status: 409,
    title: 'Another process writes this event log',
    next: 'stop that process, or name another data folder (`--data DIR`)',
  },
  MR_INGESTION_LOG_CORRUPT: {
    status: 500,
    title: 'The event log is damaged',
    next: 'restore the named file from a backup; nothing after the position was read or changed',
  },
  MR_INGESTION_LOG_CLOSED: { status: 503, title: 'The event log is closed', next: 'open it again' },
  MR_INGESTION_LOG_FAILED: {
    status: 503,
    title: 'The disk failed under the event log',
    next: 'check the disk, then start again: what was acknowledged is kept',
  },
  MR_INGESTION_LOG_UNAVAILABLE: {
    status: 503,
    title: 'The event log does not answer',
    next: 'look whether its brokers run and can be reached, then send again: what was not acknowledged may have been kept or not',
  },
  MR_INGESTION_LOG_LOGIN: {
    status: 503,
    title: 'The login to the event log cannot be read',
    next: 'give the named file or identity to this process',
  },
  MR_INGESTION_LOG_REFUSED: {
    status: 503,
    title: 'The event log knows no such user, or another password',
    next: 'compare MILLRACE_LOG_USER and the file of MILLRACE_LOG_PASSWORD_FILE with the user of the brokers; on AWS, the role of the pod',
  },
  MR_INGESTION_LOG_UNTRUSTED: {
    status: 503,
    title: 'The certificate of the event log is not trusted',
    next: "name the file of the brokers' own authority in MILLRACE_LOG_CA_FILE",
  },
  MR_INGESTION_LOG_FORBIDDEN: {
    status: 503,
    title: 'This user may not do that in the event log',
    next: 'declare what the workload reads and writes in app/workloads.ts and update the stack: its rights come from there',
  },
  MR_INGESTION_DISK_FULL: {
    status: 507,
    title: 'The disk is full',
    next: 'free space under the data folder and send again: nothing of this request was kept',
  },
  MR_INGESTION_EVENT_UNKNOWN: { status: 422, title: 'No such event', next: 'name an event of the use case in the field `event`' },
  MR_INGESTION_EVENT_REFUSED: {
    status: 422,
    title: 'The event breaks the rules',
    next: 'correct the named field and send again',
  },
  MR_INGESTION_BODY_INVALID: {
    status: 422,
    title: 'Neither an event nor a batch',
    next: 'send one event as a JSON object, or {"events": [...]} with 1 to 1000 of them',
  },
  MR_INGESTION_BODY_MALFORMED: { status: 400, title: 'The body is not JSON', next: 'send JSON (RFC 8259) in UTF-8' },
  MR_INGESTION_BODY_TOO_LARGE: { status: 413, title: 'The body is too large', next: 'send smaller batches' },
  MR_INGESTION_CONTENT_TYPE: { status: 415, title: 'Not a JSON request', next: 'send `content-type: application/json`' },
  MR_INGESTION_TOKEN: { status: 401, title: 'A valid token is needed', next: 'send `authorization: Bearer <collector token>`' },
  MR_INGESTION_ROUTE: { status: 404, title: 'No such route', next: 'send events to POST /v1/events' },
  MR_INGESTION_PORT_TAKEN: { status: 500, title: 'The port is taken', next: 'stop what listens there, or choose another port' },
  MR_INGESTION_INTERNAL: { status: 500, title: 'The collector failed', next: 'send again; look into the log if it stays so' },
  MR_INGESTION_FILE_MISSING: { status: 404, title: 'No such file', next: 'check the path' },
  MR_INGESTION_FILE_FORMAT: {
    status: 415,
    title: 'Not a format that is read',
    next: 'give a .csv, .jsonl (.ndjson) or .parquet file',
  },
  MR_INGESTION_FILE_BROKEN: {
    status: 422,
    title: 'A row of the file cannot be read',
    next: 'correct the named line and start again',
  },
  MR_INGESTION_PARQUET_CORRUPT: { status: 422, title: 'Not a whole Parquet file', next: 'write the file again' },
  MR_INGESTION_MANIFEST_MISSING: {
    status: 409,
    title: 'The upload is not complete',
    next: 'write the manifest once the whole file is there: `millrace ingestion manifest FILE`',
  },
  MR_INGESTION_MANIFEST_INVALID: {
    status: 422,
    title: 'Not a manifest',
    next: 'write it again: `millrace ingestion manifest FILE`',
  },
  MR_INGESTION_UPLOAD_INCOMPLETE: {
    status: 409,
    title: 'The file is not the one of its manifest',
    next: 'upload the file again; nothing of it was read',
  },
  MR_INGESTION_SOURCE_UNDECLARED: { status: 422, title: 'The use case declares no such source', next: 'declare it in `sources`' },
  MR_INGESTION_COLUMN_UNMAPPED: {
    status: 422,
    title: 'A field has no column',
    next: 'name its column: `--map field=column`, or a constant: `--set field=value`',
  },
  MR_INGESTION_FLAG_INVALID: { status: 400, title: 'The flag cannot be understood', next: 'see `millrace start --help`' },
  MR_INGESTION_API_FAILED: {
    status: 502,
    title: 'The third-party API did not answer',
    next: 'run the pull again: it goes on at its cursor',
  },
  MR_INGESTION_API_REFUSED: {
    status: 502,
    title: 'The third-party API refused the request',
    next: 'check the address and the credentials of the source',
  },
  MR_INGESTION_API_ANSWER: {
    status: 502,
    title: 'The third-party API answered something else',
    next: 'check the version of the API',
  },
});
