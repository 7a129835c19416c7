import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type KubeApi, type KubeObject, openApi } from './api.ts';
import { makeCertificates, tokenOf, type User, writeKubeconfig } from './certificates.ts';
import { installCrds } from './crds.ts';
import { FAKE_NODES } from './nodes.ts';
import { commandLines, type Ports } from './programs.ts';
import { freePorts, lastWords, type Server, startServer } from './server.ts';
import { Hopeless, until } from './until.ts';

export interface ControlPlaneOptions {
  /** The folder that `scripts/tools --path` prints: etcd, kube-apiserver and the others. KWOK's stages lie beside it. */
  readonly bin: string;
  /** An empty folder for certificates, kubeconfigs, etcd's data and `log/`. */
  readonly dir: string;
  /** @default FAKE_NODES */
  readonly nodes?: readonly KubeObject[];
  /** YAML files of custom resource definitions to install. @default [] */
  readonly crds?: readonly string[];
  /** Serve `metrics.k8s.io`, so that autoscalers move; the first figures come after about 30 s. @default true */
  readonly metrics?: boolean;
}

/**
 * A real Kubernetes API server, scheduler and controllers on loopback, with nodes that KWOK plays. No container runs: what
 * it decides (admission, scheduling, scaling) is real, what pods would do, and how fast, is not.
 */
export interface ControlPlane {
  readonly url: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Path of another user's: `nobody` has no rights at all. */
  kubeconfigOf(user: User): string;
  /** As administrator. */
  readonly api: KubeApi;
  /** As another user. Close it. */
  apiOf(user: User): KubeApi;
  readonly servers: readonly Server[];
  /** Ends every process that this control plane started, the last first. They end as well when this process dies. */
  stop(): Promise<void>;
}

/** Starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler, KWOK and metrics-server, and waits until they serve. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { bin, dir, nodes = FAKE_NODES, crds = [], metrics = true } = options;
  mkdirSync(dir, { recursive: true });
  const certificates = makeCertificates(join(dir, 'pki'));
  const [etcd = 0, peer = 0, api = 0, kcm = 0, scheduler = 0, kwok = 0, metricsServer = 0] = await freePorts(7);
  const ports: Ports = { etcd, peer, api, kcm, scheduler, kwok, metricsServer };
  const url = `https://127.0.0.1:${api}`;
  const kubeconfigOf = (user: User) => writeKubeconfig(join(dir, `${user}.kubeconfig`), url, certificates.ca.crt, user);
  const lines = commandLines({ dir, ports, certificates, kubeconfigOf, kwokConfig: join(dirname(bin), 'kwok.yaml') });

  const apiOf = (user: User) => openApi(url, certificates.ca.crt, tokenOf(user));
  const admin = apiOf('admin');
  const servers: Server[] = [];
  const start = (name: keyof typeof lines) =>
    servers.push(startServer(name, join(bin, name), lines[name], join(dir, 'log', `${name}.log`)));
  const stop = async () => {
    admin.close();
    for (const server of servers.toReversed()) await server.stop();
  };
  const untilAll = <T>(what: string, probe: () => Promise<T>) =>
    until(what, () => {
      const dead = servers.find((server) => server.ended() !== undefined);
      if (dead) throw new Hopeless(`${dead.name} ended (${dead.ended()}) before ${what}:\n${lastWords(dead)}`);
      return probe();
    });

  try {
    start('etcd');
    start('kube-apiserver');
    await untilAll('the API server is ready', async () => (await admin.raw('GET', '/readyz')).status === 200);
    start('kube-controller-manager');
    start('kube-scheduler');
    start('kwok');
    if (metrics) {
      start('metrics-server');
      for (const object of metricsApi(metricsServer)) await admin.apply(object);
    }
    await Promise.all([installCrds(admin, crds), ...nodes.map((node) => admin.apply(node))]);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } };
    await untilAll('the controllers work', () => admin.get(account));
    await untilAll('every node is ready', async () => {
      const ready = (await admin.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' })).filter(isReady);
      return ready.length === nodes.length;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, kubeconfig: kubeconfigOf('admin'), kubeconfigOf, api: admin, apiOf, servers, stop };
}

export type NodeObject = KubeObject<
  unknown,
  { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
>;
export const isReady = (node: NodeObject): boolean =>
  node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

/** How the API server's aggregator finds metrics-server, a process of the same host: a service that is a name for localhost. */
const metricsApi = (port: number): readonly KubeObject[] => [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'metrics-server', namespace: 'kube-system' },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port, protocol: 'TCP' }] },
  },
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: 'metrics-server', namespace: 'kube-system', port },
    },
  },
];
