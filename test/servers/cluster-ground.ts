import { Admin } from '@platformatic/kafka';
import { openKafkaLog } from '../../app/ingestion/event-log/kafka.ts';
import { clientOptions } from '../../app/ingestion/event-log/kafka-login.ts';
import { topicsOf } from '../../app/ingestion/topics.ts';
import { registryWorkload } from '../../app/platform-workloads.ts';
import { openRuntime, type Runtime } from '../../app/runtime.ts';
import type { Settings } from '../../app/settings.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { settingsEnv } from '../../constructs/settings.ts';
import { site } from '../constructs/site.ts';
import type { WorkloadGround } from '../pipelines/ground.ts';
import { cloudNativePg, databaseGround } from './database-ground.ts';
import { aclsFor, startKafka } from './kafka.ts';
import { logTo } from './log-lines.ts';
import { grantedOn } from './s3-grants.ts';
import { startValkey, usersOf } from './valkey.ts';
import { type Statement, startS3 } from './versitygw.ts';

/** Text of a Secret that the cluster makes, as long as it makes them. */
const made = (name: string) => name.padEnd(43, 'x');

/**
 * Kafka, S3, Valkey and Postgres on loopback, set up as the constructs set theirs up, and each workload let in with the very
 * settings, users and rights that its pod gets: only addresses and the paths of files are those of the test.
 */
export async function clusterGround(usecase: UseCase): Promise<WorkloadGround> {
  const own = (name: string) => `${usecase.name}-${name}`;
  const declared = [...workloadsOf(usecase), registryWorkload];
  const ofCluster = site({ usecases: [usecase] });
  const kafka = await startKafka({ users: workloadsOf(usecase).map(({ name }) => own(name)) });
  const s3 = await startS3({ manyRules: true });
  const valkey = await startValkey(1, () => [
    { conf: 'appendonly yes\nappendfsync always\nmaxmemory-policy noeviction', acl: usersOf('member.sh') },
  ]);
  const database = await databaseGround(cloudNativePg);
  const migrated = await database.migrate();
  if (migrated.code !== 0) throw new Error(migrated.stderr);
  const { port: databasePort, caFile: databaseCa } = database.as('reader');

  const log = await openKafkaLog({ ...kafka.access(), logger: logTo([]) });
  for (const topic of topicsOf(usecase)) await log.ensureTopic(topic);
  await log.close();
  const admin = new Admin({ ...clientOptions(kafka.access()), retries: 5 });
  await admin.createAcls({ creations: workloadsOf(usecase).flatMap((one) => aclsFor(one, own(one.name))) });
  await admin.close();

  const [lake, audit] = [await s3.bucket(), await s3.bucket({ objectLock: true })];
  const s3Users = new Map(declared.map(({ name }) => [name, s3.user()]));
  for (const [kind, { bucket }] of [
    ['lake', lake],
    ['audit', audit],
  ] as const) {
    const statements: Statement[] = [];
    for (const declaration of declared) {
      const user = s3Users.get(declaration.name)?.name ?? '';
      statements.push(...(await grantedOn(declaration, { [kind]: bucket }, user)));
    }
    await s3.allow(bucket, statements);
  }

  const [masterKey, gateKey] = [s3.file(made('master')), s3.file(made('gate'))];

  /** The pod's own settings, with addresses and files of these servers in place of the cluster's. */
  function environmentOf(declaration: WorkloadDeclaration): Readonly<Record<string, string>> {
    const { usecase: _, ...pod } = {
      usecase,
      ...settingsEnv(ofCluster, declaration === registryWorkload ? undefined : usecase.name, declaration),
    };
    const user = s3Users.get(declaration.name);
    const here: Settings = {
      MILLRACE_LOG_BROKERS: `localhost:${kafka.port}`,
      MILLRACE_LOG_PASSWORD_FILE: kafka.passwordFile(own(declaration.name)),
      MILLRACE_LOG_CA_FILE: kafka.caFile,
      MILLRACE_OBJECTS_ENDPOINT: lake.endpoint ?? '',
      MILLRACE_OBJECTS_REGION: lake.region,
      MILLRACE_OBJECTS_BUCKET: lake.bucket,
      MILLRACE_AUDIT_BUCKET: audit.bucket,
      MILLRACE_OBJECTS_ACCESS_KEY_FILE: user?.accessKeyFile ?? '',
      MILLRACE_OBJECTS_SECRET_KEY_FILE: user?.secretKeyFile ?? '',
      MILLRACE_ONLINE_HOST: 'localhost',
      MILLRACE_ONLINE_PORT: String(valkey.ports[0]),
      MILLRACE_ONLINE_PASSWORD_FILE: valkey.login('reader').passwordFile,
      MILLRACE_ONLINE_CA_FILE: valkey.login('reader').caFile ?? '',
      MILLRACE_METADATA_HOST: 'localhost',
      MILLRACE_METADATA_PORT: String(databasePort),
      MILLRACE_METADATA_PASSWORD_FILE: database.as('reader').passwordFile,
      MILLRACE_METADATA_CA_FILE: databaseCa ?? '',
      MILLRACE_KEYS_MASTER_FILE: masterKey,
      MILLRACE_KEYS_SIGNING_FILE: gateKey,
    };
    const there = Object.entries(pod).map(([name, value]) => [name, here[name as keyof Settings] ?? value] as const);
    // One server here, no Sentinel; and nobody takes traces.
    const kept = there.filter(([name]) => name !== 'MILLRACE_ONLINE_SENTINEL' && !name.startsWith('OTEL_'));
    const strange = kept.find(([, value]) => value.includes('.svc') || value.startsWith('/run/secrets'));
    if (strange !== undefined) throw new RangeError(`${strange.join('=')} is the cluster's, and here is none`);
    const trust = 'MILLRACE_OBJECTS_BUCKET' in pod || 'MILLRACE_AUDIT_BUCKET' in pod;
    return { ...Object.fromEntries(kept), ...(trust && { MILLRACE_OBJECTS_CA_FILE: lake.caFile ?? '' }) };
  }

  const opened = new Map<string, Runtime>();
  const as = (workload: string): Runtime => {
    const declaration = declared.find(({ name }) => name === workload);
    if (declaration === undefined) throw new RangeError(`no workload '${workload}'`);
    const runtime = opened.get(workload) ?? openRuntime({ environment: environmentOf(declaration), dataDir: s3.folder() });
    opened.set(workload, runtime);
    return runtime;
  };
  const owner = openRuntime({
    dataDir: s3.folder(),
    environment: {
      MILLRACE_OBJECTS_ENDPOINT: lake.endpoint,
      MILLRACE_OBJECTS_REGION: lake.region,
      MILLRACE_OBJECTS_BUCKET: lake.bucket,
      MILLRACE_OBJECTS_ACCESS_KEY_FILE: lake.accessKeyFile,
      MILLRACE_OBJECTS_SECRET_KEY_FILE: lake.secretKeyFile,
      MILLRACE_OBJECTS_CA_FILE: lake.caFile,
    },
  });

  return {
    dir: s3.folder(),
    as,
    owner,
    async emptyOnline() {
      await valkey.admin(0, 'FLUSHALL');
      return as('backfill').use('online');
    },
    async end() {
      for (const runtime of [...opened.values(), owner]) await runtime.close();
      await Promise.all([kafka.stop(), s3.stop(), valkey.stop(), database.server.stop()]);
    },
  };
}
