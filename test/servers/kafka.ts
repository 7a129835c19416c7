import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka';
import type { KafkaLogOptions } from '../../app/ingestion/event-log/kafka.ts';
import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { aclsOf } from '../../constructs/ingestion/users.ts';
import { freePorts, lastWords, type Server, startServer } from '../cluster/server.ts';
import { Hopeless, until } from '../cluster/until.ts';
import { certificateAuthority } from './certificate-authority.ts';

/** A real Kafka of one node on loopback: TLS, SCRAM-SHA-512 and access lists, as the constructs set the brokers up. */
export interface KafkaServer {
  readonly port: number;
  readonly caFile: string;
  /** A file that holds the text and nothing else. */
  file(name: string, text: string): string;
  /** A new, empty folder that goes with the server. */
  folder(): string;
  /** Of a user of the server. */
  passwordFile(user: string): string;
  /** How a user of the server opens the log; `admin` may do all, the others what the lists say. */
  access(user?: string): KafkaLogOptions;
  /** Ends the server as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again over the same files, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const ADMIN = 'admin';
const CLUSTER_ID = 'TWlsbHJhY2VUZXN0MDAwMQ';
/** The first compiler alone and the plain collector: half the CPU of a start. */
const JVM = ['-Xmx320m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Djava.awt.headless=true'];
const LOGGING = `Configuration:
  Appenders: { Console: { name: C, PatternLayout: { pattern: "%d{ISO8601} %p %m (%c{1})%n" } } }
  Loggers: { Root: { level: INFO, AppenderRef: { ref: C } } }
`;

const properties = (dir: string, port: number, controller: number, advertised: number): string =>
  [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@localhost:${controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=TLS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=TLS://localhost:${advertised}`,
    'listener.security.protocol.map=TLS:SASL_SSL,CONTROLLER:SSL',
    'inter.broker.listener.name=TLS',
    'sasl.enabled.mechanisms=SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512',
    `listener.name.tls.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="${ADMIN}" password="${passwordOf(ADMIN)}";`,
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${dir}/keys.pem`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${dir}/certificates/ca.crt`,
    'listener.name.controller.ssl.client.auth=required',
    'ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT',
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    `super.users=User:${ADMIN};User:broker`,
    'allow.everyone.if.no.acl.found=false',
    `log.dirs=${dir}/data`,
    'auto.create.topics.enable=false',
    'unclean.leader.election.enable=false',
    'group.initial.rebalance.delay.ms=0',
    'log.cleaner.dedupe.buffer.size=2097152',
    'num.network.threads=2',
    'num.io.threads=4',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    ...['offsets.topic', 'transaction.state.log'].flatMap((topic) => [
      `${topic}.replication.factor=1`,
      `${topic}.num.partitions=3`,
    ]),
    'transaction.state.log.min.isr=1',
    '',
  ].join('\n');

const passwordOf = (user: string): string => `correct-horse-${user}`;

interface KafkaServerOptions {
  /** Beside `admin`; each has the password that `access` writes down. */
  readonly users?: readonly string[];
  /** Where clients are told to come, in place of the server's own port. */
  readonly advertised?: number;
}

export async function startKafka({ users = [], advertised }: KafkaServerOptions = {}): Promise<KafkaServer> {
  const script = join(import.meta.dirname, '../../scripts/servers/kafka');
  const jars = execFileSync(script, { encoding: 'utf8' }).trim().split('\n').at(-1);
  const dir = mkdtempSync(join(tmpdir(), 'millrace-kafka-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const authority = certificateAuthority(join(dir, 'certificates'));
  const broker = authority.signed('broker', 'broker', 'DNS:localhost');
  file('keys.pem', [broker.key, broker.crt, authority.ca.crt].map((path) => readFileSync(path, 'utf8')).join(''));
  const [port, controller] = (await freePorts(2)) as [number, number];
  const config = file('server.properties', properties(dir, port, controller, advertised ?? port));
  const logging = `-Dlog4j2.configurationFile=file:${file('log4j2.yaml', LOGGING)}`;
  mkdirSync(join(dir, 'passwords'));
  const java = [...JVM, logging, '-cp', `${jars}/*`];
  const scram = [ADMIN, ...users].flatMap((user) => ['--add-scram', `SCRAM-SHA-512=[name=${user},password=${passwordOf(user)}]`]);
  execFileSync('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', config, ...scram], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });

  const log = join(dir, 'kafka.log');
  let running: Server;
  const start = async () => {
    writeFileSync(log, '');
    running = startServer('kafka', 'java', [...java, 'kafka.Kafka', config], log);
    await until(
      'Kafka answers',
      () => {
        if (running.ended() !== undefined) throw new Hopeless(lastWords(running));
        return readFileSync(log, 'utf8').includes('Kafka Server started');
      },
      { timeoutMs: 300_000 },
    );
  };
  await start();
  const passwordFile = (user: string) => file(`passwords/${user}`, `${passwordOf(user)}\n`);
  return {
    port,
    caFile: authority.ca.crt,
    file,
    folder: () => mkdtempSync(join(dir, 'folder-')),
    passwordFile,
    access: (user = ADMIN) => ({
      brokers: [`localhost:${advertised ?? port}`],
      caFile: authority.ca.crt,
      login: { mechanism: 'scram-sha-512', user, passwordFile: passwordFile(user) },
    }),
    async kill() {
      process.kill(running.pid, 'SIGKILL');
      await running.stop();
    },
    start,
    async stop() {
      await running.stop(20_000);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What the constructs let a workload do, as Strimzi makes it of its KafkaUser: the server's own access lists for a user. */
export const aclsFor = (declaration: WorkloadDeclaration, user: string) =>
  aclsOf(declaration).flatMap(({ resource, operations, host }) =>
    operations.map((operation) => ({
      resourceType: resource.type === 'topic' ? ResourceTypes.TOPIC : ResourceTypes.GROUP,
      resourceName: resource.name,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: `User:${user}`,
      host,
      operation: AclOperations[operation.toUpperCase() as 'READ' | 'WRITE' | 'DESCRIBE'],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  );
