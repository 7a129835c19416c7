import type { SettingName } from '../app/settings.ts';
import type { Access, WorkloadDeclaration } from '../app/workloads.ts';
import { AWS_VALUES, placeholder } from './bridge/placeholder.ts';
import { API_FILES } from './cluster/pod.ts';
import { type Credential, credentialsOf, signsVerdicts } from './governance/credentials.ts';
import { PLATFORM, type Site } from './site.ts';

/** As the program reads them: a name that it does not know does not compile. */
type Env = Readonly<Partial<Record<SettingName, string>>>;

/**
 * Every setting of one workload's container, from where its stores are and which it declares: never a password, only the
 * file that holds one.
 */
export function settingsEnv(site: Site, usecase: string | undefined, declaration: WorkloadDeclaration): Env {
  const credentials = credentialsOf(site, usecase, declaration);
  const stores = new Set([...declaration.reads, ...declaration.writes].map(({ store }) => store));
  return {
    MILLRACE_GROUND: 'cluster',
    MILLRACE_ENVIRONMENT: site.dials.environment,
    MILLRACE_LOG: 'info',
    MILLRACE_IMAGE_DIGEST: site.dials.image.slice(site.dials.image.indexOf('@') + 1),
    MILLRACE_CODE_COMMIT: site.dials.commit,
    ...(usecase !== undefined && { MILLRACE_USECASE: usecase }),
    MILLRACE_WORKLOAD: declaration.name,
    ...(declaration.port !== undefined && { MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_HTTP_PORT: String(declaration.port) }),
    ...(stores.has('log') && logSettings(site)),
    ...Object.assign({}, ...credentials.map((credential) => fromCredential(site, credential))),
    ...objectSettings(site, stores),
    ...(stores.has('keys') && site.dials.target === 'aws' && kmsSettings(declaration)),
    ...(stores.has('nodes') && apiSettings(site)),
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${site.endpoints.telemetry.host}:${site.endpoints.telemetry.port}`,
    OTEL_SERVICE_NAME: [PLATFORM, usecase, declaration.name].filter(Boolean).join('-'),
  };
}

/** Who wraps the master key; the gate alone signs with the key of KMS. */
const kmsSettings = (declaration: WorkloadDeclaration): Env => ({
  MILLRACE_KEYS_KMS_KEY: placeholder(AWS_VALUES.subjectKey),
  ...(signsVerdicts(declaration) && { MILLRACE_KEYS_SIGNING_KMS_KEY: placeholder(AWS_VALUES.signingKey) }),
});

/** By the name of its Service, whose port is the same in every cluster. */
const apiSettings = ({ endpoints: { controlPlane } }: Site): Env => ({
  MILLRACE_CONTROL_PLANE_URL: `https://${controlPlane.host}`,
  MILLRACE_CONTROL_PLANE_CA_FILE: `${API_FILES}/ca.crt`,
  MILLRACE_CONTROL_PLANE_TOKEN_FILE: `${API_FILES}/token`,
});

const logSettings = ({ dials, endpoints: { log } }: Site): Env => ({
  MILLRACE_LOG_BROKERS: log.address ?? `${log.host}:${log.port}`,
  MILLRACE_LOG_MECHANISM: dials.providers.log === 'msk' ? 'aws-iam' : 'scram-sha-512',
});

/** Where a file of a mounted Secret is. */
const file = ({ secret, files, known }: Credential, name: string): string | undefined =>
  (files[name] ?? known?.[name]) === undefined ? undefined : `/run/secrets/${secret}/${name}`;

const defined = (settings: Readonly<Record<string, string | undefined>>): Env =>
  Object.fromEntries(Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== undefined));

function fromCredential(site: Site, credential: Credential): Env {
  const { online, metadata } = site.endpoints;
  const secret = (prefix: string) => ({
    [`${prefix}_USER`]: credential.user,
    [`${prefix}_PASSWORD_FILE`]: file(credential, 'password'),
    [`${prefix}_CA_FILE`]: file(credential, 'ca.crt'),
  });
  switch (credential.opens) {
    case 'log':
      return defined(secret('MILLRACE_LOG'));
    case 'online':
      return defined({
        MILLRACE_ONLINE_HOST: online.host,
        MILLRACE_ONLINE_PORT: String(online.port),
        MILLRACE_ONLINE_SENTINEL: online.morePorts?.[0] === undefined ? undefined : `${online.host}:${online.morePorts[0]}`,
        MILLRACE_ONLINE_SHARDS: String(site.plan.platform.valkey.shards.value),
        ...secret('MILLRACE_ONLINE'),
      });
    case 'metadata':
      return defined({
        MILLRACE_METADATA_HOST: metadata.host,
        MILLRACE_METADATA_PORT: String(metadata.port),
        MILLRACE_METADATA_DATABASE: PLATFORM,
        ...secret('MILLRACE_METADATA'),
        MILLRACE_KEYS_SIGNING_FILE: file(credential, 'signing-key'),
      });
    case 'objects':
      return defined({
        MILLRACE_OBJECTS_CA_FILE: file(credential, 'ca.crt'),
        MILLRACE_OBJECTS_ACCESS_KEY_FILE: file(credential, 'access-key'),
        MILLRACE_OBJECTS_SECRET_KEY_FILE: file(credential, 'secret-key'),
      });
    case 'keys':
      return defined({ MILLRACE_KEYS_MASTER_FILE: file(credential, 'master-key') });
  }
}

/** The bucket behind each store that is touched, and no other. On aws their names come with the deployment, and the pod's identity opens them. */
function objectSettings({ dials: { objects, aws }, endpoints }: Site, stores: ReadonlySet<Access['store']>): Env {
  const audits = stores.has('audit');
  const keeps = stores.has('lake') || stores.has('objects');
  if (!audits && !keeps) return {};
  const buckets = (lake: string, audit: string): Env => ({
    ...(keeps && { MILLRACE_OBJECTS_BUCKET: lake }),
    ...(audits && { MILLRACE_AUDIT_BUCKET: audit }),
  });
  if (objects === undefined)
    return {
      MILLRACE_OBJECTS_REGION: aws?.region ?? '',
      ...buckets(placeholder(AWS_VALUES.lakeBucket), placeholder(AWS_VALUES.auditBucket)),
    };
  return {
    MILLRACE_OBJECTS_ENDPOINT: `https://${endpoints.objects.host}:${endpoints.objects.port}`,
    MILLRACE_OBJECTS_REGION: objects.region,
    ...buckets(objects.bucket, `${objects.bucket}-audit`),
  };
}
