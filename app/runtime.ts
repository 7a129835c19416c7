import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { systemClock } from './clock/embedded.ts';
import type { Clock } from './clock/port.ts';
import type { OnlineStore } from './features/online-store/port.ts';
import type { ValkeyOptions } from './features/online-store/valkey.ts';
import type { AuditSink } from './governance/audit-sink/port.ts';
import type { KeyStore } from './governance/keys/port.ts';
import type { PostgresKeysOptions } from './governance/keys/postgres.ts';
import type { EventLog } from './ingestion/event-log/port.ts';
import type { ObjectStore } from './lake/object-store/port.ts';
import type { Lake } from './lake/port.ts';
import { createLogger } from './logger.ts';
import type { Metadata } from './registry/metadata/port.ts';
import type { PostgresOptions } from './registry/metadata/postgres-connection.ts';
import { needed, readSettings, requireLaptop, type Settings } from './settings.ts';

export interface Ports {
  readonly log: EventLog;
  readonly objects: ObjectStore;
  readonly lake: Lake;
  readonly online: OnlineStore;
  readonly metadata: Metadata;
  readonly audit: AuditSink;
  readonly keys: KeyStore;
}

/** The chosen adapters, each opened when first used and closed once. The only place that chooses. */
export interface Runtime {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  use<Name extends keyof Ports>(name: Name): Promise<Ports[Name]>;
  close(): Promise<void>;
}

export interface RuntimeOptions {
  /** @default MILLRACE_DATA_DIR, else '.millrace' */
  readonly dataDir?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** @default the process's own */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens the ground that the settings name: each port by the store that they say, else (never on a cluster) under one data folder.
 * @throws MR_SETTINGS_INVALID; `use` also MR_SETTINGS_STORE_MISSING
 */
export function openRuntime(options: RuntimeOptions = {}): Runtime {
  const settings = readSettings(options.environment ?? process.env);
  const dataDir = options.dataDir ?? settings.MILLRACE_DATA_DIR ?? '.millrace';
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger();
  mkdirSync(dataDir, { recursive: true });
  const opened = new Map<keyof Ports, Promise<Ports[keyof Ports]>>();
  const tracing = tracingOf(settings, logger);
  const spanned = async <T>(
    adapter: T,
    how: (by: typeof import('./monitoring/tracing/ports.ts')) => (adapter: T) => T,
  ): Promise<T> => ((await tracing) === undefined ? adapter : how(await import('./monitoring/tracing/ports.ts'))(adapter));

  const openers: { readonly [Name in keyof Ports]: () => Promise<Ports[Name]> } = {
    log: async () => {
      if (settings.MILLRACE_LOG_BROKERS !== undefined) {
        const { kafkaAccess } = await import('./ingestion/event-log/kafka-login.ts');
        const { openKafkaLog } = await import('./ingestion/event-log/kafka.ts');
        return spanned<EventLog>(await openKafkaLog({ ...kafkaAccess(settings), logger }), ({ tracedLog }) => tracedLog);
      }
      requireLaptop(settings, 'log', ['MILLRACE_LOG_BROKERS']);
      const { openEmbeddedLog } = await import('./ingestion/event-log/embedded.ts');
      return spanned<EventLog>(await openEmbeddedLog(join(dataDir, 'log'), { logger }), ({ tracedLog }) => tracedLog);
    },
    objects: async () => {
      if (settings.MILLRACE_OBJECTS_BUCKET !== undefined) {
        const { s3Access } = await import('./lake/object-store/s3-client.ts');
        return (await import('./lake/object-store/s3.ts')).openS3Objects(s3Access(settings, 'MILLRACE_OBJECTS_BUCKET'));
      }
      requireLaptop(settings, 'objects', ['MILLRACE_OBJECTS_BUCKET']);
      return (await import('./lake/object-store/embedded.ts')).openEmbeddedObjects(join(dataDir, 'objects'));
    },
    lake: async () => {
      const { openEmbeddedLake } = await import('./lake/embedded.ts');
      const megabytes = settings.MILLRACE_LAKE_COPIES_MB;
      const copies = megabytes !== undefined && { copyBytes: Number(megabytes) * 1024 ** 2 };
      return openEmbeddedLake(await use('objects'), { scratchDir: join(dataDir, 'scratch'), clock, ...copies });
    },
    online: async () => {
      if (settings.MILLRACE_ONLINE_HOST !== undefined) {
        const { openValkeyOnline } = await import('./features/online-store/valkey.ts');
        return spanned<OnlineStore>(await openValkeyOnline(valkeyOf(settings)), ({ tracedOnline }) => tracedOnline);
      }
      requireLaptop(settings, 'online', ['MILLRACE_ONLINE_HOST']);
      const { openEmbeddedOnline } = await import('./features/online-store/embedded.ts');
      return spanned<OnlineStore>(await openEmbeddedOnline(join(dataDir, 'online')), ({ tracedOnline }) => tracedOnline);
    },
    metadata: async () => {
      if (settings.MILLRACE_METADATA_HOST !== undefined)
        return (await import('./registry/metadata/postgres.ts')).openPostgresMetadata(postgresOf(settings));
      requireLaptop(settings, 'metadata', ['MILLRACE_METADATA_HOST']);
      return (await import('./registry/metadata/embedded.ts')).openEmbeddedMetadata(join(dataDir, 'metadata.sqlite'));
    },
    keys: async () => {
      if (settings.MILLRACE_KEYS_MASTER_FILE !== undefined || settings.MILLRACE_KEYS_KMS_KEY !== undefined) {
        const { openPostgresKeys } = await import('./governance/keys/postgres.ts');
        return openPostgresKeys({ database: postgresOf(settings), ...(await keyHolders(settings)) });
      }
      requireLaptop(settings, 'keys', ['MILLRACE_KEYS_MASTER_FILE', 'MILLRACE_KEYS_KMS_KEY']);
      return (await import('./governance/keys/embedded.ts')).openEmbeddedKeys(join(dataDir, 'keys'));
    },
    audit: async () => {
      const keys = await use('keys');
      if (settings.MILLRACE_AUDIT_BUCKET !== undefined) {
        const { s3Access } = await import('./lake/object-store/s3-client.ts');
        const { openS3Objects } = await import('./lake/object-store/s3.ts');
        const { openBucketAudit } = await import('./governance/audit-sink/bucket.ts');
        return openBucketAudit({ objects: await openS3Objects(s3Access(settings, 'MILLRACE_AUDIT_BUCKET')), keys, clock });
      }
      requireLaptop(settings, 'audit', ['MILLRACE_AUDIT_BUCKET']);
      const { openEmbeddedAudit } = await import('./governance/audit-sink/embedded.ts');
      return openEmbeddedAudit({ dir: join(dataDir, 'audit'), witnessDir: join(dataDir, 'audit-witness'), keys, clock });
    },
  };

  function use<Name extends keyof Ports>(name: Name): Promise<Ports[Name]> {
    const known = opened.get(name) ?? openers[name]();
    opened.set(name, known);
    return known as Promise<Ports[Name]>;
  }

  return {
    dataDir,
    clock,
    logger,
    use,
    async close() {
      // Last opened, first closed: an adapter may stand on an earlier one.
      for (const port of [...opened.values()].reverse()) {
        const adapter = await port.catch(() => undefined);
        if (adapter !== undefined && 'close' in adapter) await adapter.close();
      }
      opened.clear();
      await (await tracing)?.close();
    },
  };
}

/** Spans go out where OpenTelemetry's settings name a receiver; elsewhere nothing of it is loaded. */
async function tracingOf(settings: Settings, logger: Logger) {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: disabled } = settings;
  if (endpoint === undefined || disabled === 'true') return undefined;
  return (await import('./monitoring/tracing/start.ts')).startTracing(endpoint, settings, logger);
}

function postgresOf(settings: Settings): PostgresOptions {
  const by = 'MILLRACE_METADATA_HOST';
  const at = needed(settings, by, [
    by,
    'MILLRACE_METADATA_PORT',
    'MILLRACE_METADATA_DATABASE',
    'MILLRACE_METADATA_USER',
    'MILLRACE_METADATA_PASSWORD_FILE',
  ]);
  return {
    host: at.MILLRACE_METADATA_HOST,
    port: Number(at.MILLRACE_METADATA_PORT),
    database: at.MILLRACE_METADATA_DATABASE,
    user: at.MILLRACE_METADATA_USER,
    passwordFile: at.MILLRACE_METADATA_PASSWORD_FILE,
    ...(settings.MILLRACE_METADATA_CA_FILE !== undefined && { caFile: settings.MILLRACE_METADATA_CA_FILE }),
    ...(settings.MILLRACE_WORKLOAD !== undefined && { workload: settings.MILLRACE_WORKLOAD }),
  };
}

function valkeyOf(settings: Settings): ValkeyOptions {
  const by = 'MILLRACE_ONLINE_HOST';
  const at = needed(settings, by, [by, 'MILLRACE_ONLINE_PORT', 'MILLRACE_ONLINE_USER', 'MILLRACE_ONLINE_PASSWORD_FILE']);
  const {
    MILLRACE_ONLINE_SENTINEL: sentinel,
    MILLRACE_ONLINE_SHARDS: shards,
    MILLRACE_ONLINE_CA_FILE: caFile,
    MILLRACE_STORE_TIMEOUT_MS: timeout,
  } = settings;
  return {
    address: { host: at.MILLRACE_ONLINE_HOST, port: Number(at.MILLRACE_ONLINE_PORT) },
    user: at.MILLRACE_ONLINE_USER,
    passwordFile: at.MILLRACE_ONLINE_PASSWORD_FILE,
    ...(sentinel !== undefined && { sentinel: addressOf(sentinel) }),
    ...(shards !== undefined && { shards: Number(shards) }),
    ...(caFile !== undefined && { caFile }),
    ...(timeout !== undefined && { timeoutMs: Number(timeout) }),
  };
}

/** Who wraps the master key, and in the gate's own process who signs: each by a mounted text, or by KMS. */
async function keyHolders(settings: Settings): Promise<Pick<PostgresKeysOptions, 'wrapper' | 'gate'>> {
  const { MILLRACE_KEYS_KMS_KEY: wrapping, MILLRACE_KEYS_MASTER_FILE: master = '' } = settings;
  const { MILLRACE_KEYS_SIGNING_KMS_KEY: signing, MILLRACE_KEYS_SIGNING_FILE: signingFile } = settings;
  const wrapper =
    wrapping === undefined
      ? (await import('./governance/keys/mounted-wrapper.ts')).openMountedWrapper(master)
      : (await import('./governance/keys/kms-wrapper.ts')).openKmsWrapper({ keyId: wrapping });
  if (signing !== undefined)
    return { wrapper, gate: (await import('./governance/keys/kms-signer.ts')).openKmsSigner({ keyId: signing }) };
  if (signingFile === undefined) return { wrapper };
  return { wrapper, gate: (await import('./governance/keys/mounted-signer.ts')).openMountedSigner(signingFile) };
}

const addressOf = (text: string) => ({
  host: text.slice(0, text.lastIndexOf(':')),
  port: Number(text.slice(text.lastIndexOf(':') + 1)),
});
