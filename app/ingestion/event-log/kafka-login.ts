import { readFileSync } from 'node:fs';
import type { AdminOptions } from '@platformatic/kafka';
import { needed, type Settings } from '../../settings.ts';
import { ingestionError } from '../errors.ts';

/** Where the brokers are and how to enter; by TLS alone. */
export interface KafkaAccess {
  /** `host:port` of some; they name the rest. */
  readonly brokers: readonly string[];
  /** @default the authorities that Node knows */
  readonly caFile?: string;
  readonly login:
    | { readonly mechanism: 'scram-sha-512'; readonly user: string; readonly passwordFile: string }
    | { readonly mechanism: 'aws-iam'; readonly region: string };
}

const CONNECT_MS = 3_000;
const ANSWER_MS = 15_000;
/** As Kafka's own clients: whatever goes wrong asks anew at once. */
const METADATA_MS = 300_000;
/** `b-1.name.x1y2.c3.kafka.eu-central-1.amazonaws.com`, and as MSK Serverless names them. */
const MSK_HOST = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/** @throws MR_SETTINGS_INVALID naming the settings that are missing, MR_INGESTION_LOG_LOGIN */
export function kafkaAccess(settings: Settings): KafkaAccess {
  const by = 'MILLRACE_LOG_BROKERS';
  const brokers = needed(settings, by, [by]).MILLRACE_LOG_BROKERS.split(',');
  const { MILLRACE_LOG_MECHANISM: mechanism, MILLRACE_LOG_CA_FILE: caFile } = settings;
  const ca = caFile === undefined ? {} : { caFile };
  if (mechanism === 'aws-iam') return { brokers, ...ca, login: { mechanism, region: regionOf(brokers) } };
  const { MILLRACE_LOG_USER: user, MILLRACE_LOG_PASSWORD_FILE: passwordFile } = needed(settings, by, [
    'MILLRACE_LOG_USER',
    'MILLRACE_LOG_PASSWORD_FILE',
  ]);
  return { brokers, ...ca, login: { mechanism: 'scram-sha-512', user, passwordFile } };
}

/** The signature holds for one region, and the brokers' names tell it. */
function regionOf(brokers: readonly string[]): string {
  const host = brokers[0]?.replace(/:\d+$/, '') ?? '';
  const region = MSK_HOST.exec(host)?.[1];
  if (region !== undefined) return region;
  throw ingestionError('MR_INGESTION_LOG_LOGIN', `${host} is no broker of MSK, so it takes no identity of AWS`, {
    field: 'MILLRACE_LOG_BROKERS',
    value: host,
    expected: 'NAME.kafka.REGION.amazonaws.com, or MILLRACE_LOG_MECHANISM=scram-sha-512',
  });
}

/** The client's own options. Password and authority are read anew for each connection, so that new ones are taken up. */
export function clientOptions({ brokers, caFile, login }: KafkaAccess): AdminOptions {
  return {
    clientId: 'millrace',
    bootstrapBrokers: [...brokers],
    connectTimeout: CONNECT_MS,
    requestTimeout: ANSWER_MS,
    metadataMaxAge: METADATA_MS,
    // Whoever asks tries again, on metadata that is new.
    retries: 0,
    tls:
      caFile === undefined
        ? {}
        : {
            get ca() {
              return read('MILLRACE_LOG_CA_FILE', caFile);
            },
          },
    sasl:
      login.mechanism === 'aws-iam'
        ? {
            mechanism: 'OAUTHBEARER',
            token: async () => (await import('./aws-iam-token.ts')).awsIamToken(login.region),
          }
        : {
            mechanism: 'SCRAM-SHA-512',
            username: login.user,
            password: () => read('MILLRACE_LOG_PASSWORD_FILE', login.passwordFile).replace(/\r?\n$/, ''),
          },
  };
}

function read(field: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw ingestionError('MR_INGESTION_LOG_LOGIN', `${file} cannot be read: ${(cause as Error).message}`, {
      field,
      value: file,
      cause,
    });
  }
}
