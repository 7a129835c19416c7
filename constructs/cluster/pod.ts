import type { input } from '@pulumi/kubernetes/types/index.js';
import type { Dials } from '../dials.ts';
import { labelsOf, type Named, selectorOf } from '../labels.ts';
import { nodeSelector } from './node-selector.ts';

type Container = input.core.v1.Container;

/** Amounts as Kubernetes writes them, e.g. `500m`, `1Gi`. */
export interface Resources {
  readonly cpu: string;
  readonly memory: string;
  /** @default '256Mi' */
  readonly disk?: string;
  /** Limit of CPU. @default the request: work is not throttled below what it asked for, nor fed above it */
  readonly cpuLimit?: string;
  /** Whole GPUs. @default 0 */
  readonly gpus?: number;
}

/** A container beside the pod's own; it sees the same secrets and configs. */
export type Beside = Pick<PodProps, 'name' | 'image' | 'command' | 'args' | 'env' | 'ports' | 'resources' | 'probes'>;

export interface PodProps extends Named {
  readonly owner: string;
  /** `name@sha256:…` */
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: Resources;
  readonly probes?: Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;
  readonly lifecycle?: Container['lifecycle'];
  /** Seconds between the signal to stop and the kill. @default 45 */
  readonly graceSeconds?: number;
  readonly priority: 'serving' | 'ingestion' | 'training';
  /** Secrets mounted as files under `/run/secrets/<name>`. */
  readonly secrets?: readonly string[];
  /** Secrets of servers, of which only who signed for them is mounted: `/run/secrets/<name>/ca.crt`. */
  readonly authorities?: readonly string[];
  /** ConfigMaps mounted as files under `/etc/millrace/<name>`. */
  readonly configs?: readonly string[];
  /** Mounts its account's token, and who signs for the API server, under `API_FILES`. @default false */
  readonly callsApi?: boolean;
  /** Size of the writable `/tmp`. @default '128Mi' */
  readonly scratch?: string;
  /** Further mounts, e.g. a volume claim's. */
  readonly mounts?: readonly { readonly name: string; readonly mountPath: string }[];
  /** @default 'Always' */
  readonly restart?: 'Always' | 'Never' | 'OnFailure';
  /** Who makes the nodes that it may run on. */
  readonly nodes: Dials['providers']['nodes'];
  /** Further containers. @default none */
  readonly beside?: readonly Beside[];
  /** Labels beside those of the workload. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The user and group of every container; above 10000, so that it is nobody on the node. */
export const USER = 20_001;
/** Where the token of a pod that calls the API is, as `token`, and its authority, as `ca.crt`. */
export const API_FILES = '/run/secrets/control-plane';
const API_VOLUME = 'control-plane';
/** The cluster puts a new token in place long before this is over. */
const TOKEN_SECONDS = 3_600;
const GPU = 'nvidia.com/gpu';

/**
 * A pod that the `restricted` level admits and the public judges of manifests accept: not root, read-only file system, no
 * capabilities, bounded in CPU, memory and disk, spread over nodes and zones.
 */
export function podTemplate(props: PodProps): input.core.v1.PodTemplateSpec {
  const gpus = props.resources.gpus ?? 0;
  const pool = gpus > 0 ? 'gpu' : 'cpu';
  const selected = nodeSelector(props.nodes, pool);
  const labelSelector = { matchLabels: selectorOf(props) };
  const lasting = (props.restart ?? 'Always') === 'Always';
  return {
    metadata: {
      labels: { ...labelsOf(props, props.owner), ...props.labels },
      ...(props.annotations && { annotations: { ...props.annotations } }),
    },
    spec: {
      serviceAccountName: serviceAccountOf(props),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: props.graceSeconds ?? 45,
      priorityClassName: `millrace-${props.priority}`,
      restartPolicy: props.restart ?? 'Always',
      ...(selected && { nodeSelector: selected }),
      ...(pool === 'gpu' && { tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }] }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...(lasting && {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } },
            ],
          },
        },
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
        ],
      }),
      containers: [
        container(props, gpus),
        ...(props.beside ?? []).map((beside) =>
          container({ ...beside, secrets: props.secrets ?? [], configs: props.configs ?? [] }, 0),
        ),
      ],
      volumes: [
        { name: 'tmp', emptyDir: { sizeLimit: props.scratch ?? '128Mi' } },
        ...(props.secrets ?? []).map((secretName) => ({ name: secretName, secret: { secretName, defaultMode: 0o440 } })),
        ...(props.authorities ?? []).map((secretName) => ({
          name: secretName,
          secret: { secretName, defaultMode: 0o440, items: [{ key: 'ca.crt', path: 'ca.crt' }] },
        })),
        ...(props.configs ?? []).map((name) => ({ name, configMap: { name } })),
        ...(props.callsApi === true ? [apiVolume()] : []),
      ],
    },
  };
}

/** A token that runs out, unlike the one that the cluster would mount unasked; every namespace has this ConfigMap. */
const apiVolume = () => ({
  name: API_VOLUME,
  projected: {
    defaultMode: 0o440,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ],
  },
});

type Contained = Beside & Pick<PodProps, 'secrets' | 'authorities' | 'configs' | 'mounts' | 'lifecycle' | 'callsApi'>;

/** Each workload has its own; a use case's carries the use case's name. */
export const serviceAccountOf = ({ name, usecase }: Pick<Named, 'name' | 'usecase'>): string =>
  usecase === undefined ? name : `${usecase}-${name}`;

function container(props: Contained, gpus: number): Container {
  const { cpu, memory, disk = '256Mi', cpuLimit = cpu } = props.resources;
  // The API server reads a quantity as text; a plain number would be dropped on the way.
  const gpu = gpus > 0 ? { [GPU]: String(gpus) } : {};
  return {
    name: props.name,
    image: props.image,
    imagePullPolicy: 'Always',
    ...(props.command && { command: [...props.command] }),
    ...(props.args && { args: [...props.args] }),
    ...(props.env && { env: Object.entries(props.env).map(([name, value]) => ({ name, value })) }),
    ...(props.ports && { ports: props.ports.map((port) => ({ ...port, protocol: 'TCP' })) }),
    resources: {
      requests: { cpu, memory, 'ephemeral-storage': disk, ...gpu },
      limits: { cpu: cpuLimit, memory, 'ephemeral-storage': disk, ...gpu },
    },
    ...props.probes,
    ...(props.lifecycle && { lifecycle: props.lifecycle }),
    securityContext: {
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...[...(props.secrets ?? []), ...(props.authorities ?? [])].map((name) => ({
        name,
        mountPath: `/run/secrets/${name}`,
        readOnly: true,
      })),
      ...(props.configs ?? []).map((name) => ({ name, mountPath: `/etc/millrace/${name}`, readOnly: true })),
      ...(props.callsApi === true ? [{ name: API_VOLUME, mountPath: API_FILES, readOnly: true }] : []),
      ...(props.mounts ?? []),
    ],
  };
}
