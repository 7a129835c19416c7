import type { input } from '@pulumi/kubernetes/types/index.js';
import type { Construct } from 'constructs';
import { viewHash } from '../../app/features/view-hash.ts';
import { accessText, DATA, viewsText } from '../../app/usecases/data-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Access, WorkloadDeclaration } from '../../app/workloads.ts';
import { credentialsOf } from '../governance/credentials.ts';
import { copiedSecret } from '../governance/secrets.ts';
import { labelsOf, type Named, selectorOf } from '../labels.ts';
import { object } from '../object.ts';
import { settingsEnv } from '../settings.ts';
import { type Endpoint, namespaceOf, type Site } from '../site.ts';
import { network, reaching, wholeNamespace } from './edges.ts';
import { OPERATORS } from './operators.ts';
import { type PodProps, podTemplate, type Resources, serviceAccountOf } from './pod.ts';

export interface WorkloadProps {
  readonly site: Site;
  /** Whose it is; none where it serves all of them. */
  readonly usecase?: UseCase | undefined;
  readonly declaration: WorkloadDeclaration;
  readonly resources: Resources;
  /** Settings beside those of its stores and its place (settings.ts), which are always there. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments after those of the declaration. */
  readonly args?: readonly string[];
  readonly priority: PodProps['priority'];
  /** The declared workload that this is another track of: it has the same credentials, made there. */
  readonly trackOf?: WorkloadDeclaration;
  /** Who may call its port, besides the metrics scraper. */
  readonly callers?: Parameters<typeof network>[2]['ingress'];
  /** Where its network policy is made: here, of its own, or by its layer for all of its workloads. @default 'own' */
  readonly network?: 'own' | 'layer';
  /** Where it goes beside its stores. @default nowhere */
  readonly reaches?: readonly Endpoint[];
  readonly secrets?: readonly string[];
  readonly authorities?: readonly string[];
  readonly configs?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** On the pod template. */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /** Replicas that are always there. @default 2 */
  readonly minReplicas?: number;
  /** Who owns their count: an autoscaler of the caller's, or nobody, so that it stays as it is. @default 'autoscaler' */
  readonly scaledBy?: 'autoscaler' | 'nobody';
  /** Seconds that a pod goes on answering after it was told to stop. @default 10 */
  readonly drainSeconds?: number;
  /** Seconds a cold start may take, the model's load included. @default 60 */
  readonly startSeconds?: number;
  /** Size of its scratch disk. @default 2Gi where it touches the lake, whose files are read through copies; else the pod's own */
  readonly scratch?: string;
}

/** Hash of each view's definition, by view. */
export const viewHashes = ({ views }: UseCase): Readonly<Record<string, string>> =>
  Object.fromEntries(views.map((view) => [view.name, viewHash(view)]));

/** What rules read of any declared workload, on the object itself. */
export const declaredAnnotations = (
  usecase: UseCase | undefined,
  { reads, writes, deletes = [] }: WorkloadDeclaration,
): Readonly<Record<string, string>> => ({
  [DATA.reads]: accessText(reads),
  [DATA.writes]: accessText([...new Set([...writes, ...deletes])]),
  ...(usecase !== undefined && { [DATA.featureViews]: viewsText(viewHashes(usecase)) }),
});

/** What a workload of a use case is called in its namespace. */
export const workloadName = (usecase: string | undefined, { name }: Pick<WorkloadDeclaration, 'name'>): string =>
  usecase === undefined ? name : `${usecase}-${name}`;

export const namedOf = (usecase: string | undefined, declaration: WorkloadDeclaration): Named => ({
  name: declaration.name,
  layer: declaration.layer,
  usecase,
});

/** The endpoints behind the stores that a declaration reads or writes, and who vouches for it there: these and no others may be reached. */
export function endpointsOf(site: Site, { reads, writes }: Pick<WorkloadDeclaration, 'reads' | 'writes'>): readonly Endpoint[] {
  const { log, objects, online, metadata, controlPlane, kms, identity } = site.endpoints;
  const behind: Readonly<Record<Access['store'], readonly Endpoint[]>> = {
    log: [log],
    lake: [objects],
    objects: [objects],
    audit: [objects],
    online: [online],
    metadata: [metadata],
    keys: kms === undefined ? [metadata] : [metadata, kms],
    nodes: [controlPlane],
  };
  const touched = [...new Set([...reads, ...writes].flatMap(({ store }) => behind[store]))];
  // The API server knows a pod by its account's token.
  return identity === undefined || touched.every((one) => one === controlPlane) ? touched : [...touched, identity];
}

const callsApi = ({ reads, writes }: WorkloadDeclaration): boolean =>
  [...reads, ...writes].some(({ store }) => store === 'nodes');

const LAKE_SCRATCH = '2Gi';

/** The scratch disk of a workload, and how much of it copies of the lake's files may take: half, the rest is for what it writes and spills. */
function scratchOf({ declaration, scratch, resources }: Pick<WorkloadProps, 'declaration' | 'scratch' | 'resources'>) {
  const lake = [...declaration.reads, ...declaration.writes].some(({ store }) => store === 'lake');
  const size = scratch ?? (lake ? LAKE_SCRATCH : undefined);
  if (size === undefined) return { env: {}, resources };
  const mebibytes = Number.parseInt(size, 10) * (size.endsWith('Gi') ? 1_024 : 1);
  return {
    env: lake ? { MILLRACE_LAKE_COPIES_MB: String(Math.floor(mebibytes / 2)) } : {},
    resources: { disk: size, ...resources },
    scratch: size,
  };
}

/** Service account, network and credentials of one declared workload, and its pod. */
export function workloadPod(scope: Construct, props: WorkloadProps): input.core.v1.PodTemplateSpec {
  const { site, usecase, declaration } = props;
  const named = namedOf(usecase?.name, declaration);
  const owner = site.dials.owner;
  const namespace = namespaceOf(declaration.layer);
  const labels = labelsOf(named, owner);
  const principal = props.trackOf ?? declaration;
  object(scope, `${declaration.name}-account`, 'v1 ServiceAccount', {
    metadata: { name: serviceAccountOf(named), namespace, labels },
    automountServiceAccountToken: false,
  });
  const scrape =
    declaration.port === undefined ? [] : [{ from: [wholeNamespace(OPERATORS.prometheus)], ports: [declaration.port] }];
  const egress = [...endpointsOf(site, declaration), ...(props.reaches ?? []), site.endpoints.telemetry];
  if (props.network !== 'layer')
    network(scope, `${declaration.name}-network`, {
      ...named,
      owner,
      ingress: [...(props.callers ?? []), ...scrape],
      egress,
    });
  const credentials = credentialsOf(site, usecase?.name, principal);
  const { env, ...disk } = scratchOf(props);
  if (principal === declaration)
    for (const credential of credentials)
      copiedSecret(scope, `${declaration.name}-${credential.opens}-secret`, named, owner, credential);
  return podTemplate({
    ...named,
    owner,
    nodes: site.dials.providers.nodes,
    image: site.dials.image,
    args: [...declaration.command, ...(props.args ?? [])],
    env: { ...settingsEnv(site, usecase?.name, principal), MILLRACE_WORKLOAD: declaration.name, ...env, ...props.env },
    ...(declaration.port !== undefined && { ports: [{ name: 'http', containerPort: declaration.port }] }),
    ...disk,
    priority: props.priority,
    graceSeconds: (props.drainSeconds ?? 10) + 35,
    ...(declaration.port !== undefined && {
      probes: probesOf(props.startSeconds ?? 60),
      lifecycle: drain(props.drainSeconds ?? 10),
    }),
    restart: declaration.kind === 'schedule' || declaration.kind === 'job' ? 'Never' : 'Always',
    labels: reaching(egress),
    secrets: [...credentials.map(({ secret }) => secret), ...(props.secrets ?? [])],
    ...(props.authorities && { authorities: props.authorities }),
    ...(props.configs && { configs: props.configs }),
    callsApi: callsApi(declaration),
    ...(props.podAnnotations && { annotations: props.podAnnotations }),
  });
}

/**
 * A Deployment with budget and, where it answers callers, Service. Its count of replicas belongs to its autoscaler, if it has
 * one; where it is to be alone it is one, and the old one is gone before a new one begins.
 */
export function deployment(scope: Construct, props: WorkloadProps): void {
  const { site, usecase, declaration } = props;
  const named = namedOf(usecase?.name, declaration);
  const namespace = namespaceOf(declaration.layer);
  const name = workloadName(usecase?.name, declaration);
  const labels = labelsOf(named, site.dials.owner);
  const selector = { matchLabels: selectorOf(named) };
  object(scope, declaration.name, 'apps/v1 Deployment', {
    metadata: { name, namespace, labels, annotations: { ...declaredAnnotations(usecase, declaration), ...props.annotations } },
    spec: {
      ...(props.scaledBy === 'nobody' && { replicas: props.minReplicas ?? 2 }),
      revisionHistoryLimit: 5,
      selector,
      ...(declaration.single === true
        ? { replicas: 1, strategy: { type: 'Recreate' } }
        : { strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }),
      template: workloadPod(scope, props),
    },
  });
  object(scope, `${declaration.name}-budget`, 'policy/v1 PodDisruptionBudget', {
    metadata: { name, namespace, labels },
    spec: { minAvailable: Math.max(0, (props.minReplicas ?? 2) - 1), unhealthyPodEvictionPolicy: 'AlwaysAllow', selector },
  });
  // Nobody calls a consumer; it is scraped by its pods.
  if (declaration.port === undefined || declaration.kind !== 'service') return;
  object(scope, `${declaration.name}-service`, 'v1 Service', {
    metadata: { name, namespace, labels },
    spec: {
      type: 'ClusterIP',
      selector: selectorOf(named),
      ports: [{ name: 'http', port: declaration.port, targetPort: 'http', protocol: 'TCP' }],
    },
  });
}

/** What each workload with a port answers: whether it has begun, whether it works now, whether it must be started anew. */
export const PROBES = { started: '/startupz', ready: '/readyz', alive: '/healthz' } as const;

/** Start waits for the model; ready asks what it needs; live asks the process alone, so a store's outage restarts nothing. */
const probesOf = (startSeconds: number): NonNullable<PodProps['probes']> => ({
  startupProbe: {
    httpGet: { path: PROBES.started, port: 'http' },
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: Math.ceil(startSeconds / 2),
  },
  readinessProbe: { httpGet: { path: PROBES.ready, port: 'http' }, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3 },
  livenessProbe: { httpGet: { path: PROBES.alive, port: 'http' }, periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 6 },
});

/** Keeps answering while the pod leaves the endpoints; the image has no shell, Kubernetes itself waits. */
const drain = (seconds: number): NonNullable<PodProps['lifecycle']> => ({ preStop: { sleep: { seconds } } });
