import { join } from 'node:path';
import type { Certificates, User } from './certificates.ts';

/** The loopback ports of a control plane's servers. */
export interface Ports {
  readonly etcd: number;
  readonly peer: number;
  readonly api: number;
  readonly kcm: number;
  readonly scheduler: number;
  readonly kwok: number;
  readonly metricsServer: number;
}

interface Wiring {
  readonly dir: string;
  readonly ports: Ports;
  readonly certificates: Certificates;
  readonly kwokConfig: string;
  kubeconfigOf(user: User): string;
}

const LOOPBACK = '127.0.0.1';
const flags = (table: Readonly<Record<string, string | number | boolean>>): readonly string[] =>
  Object.entries(table).map(([name, value]) => `--${name}=${value}`);

/** The arguments of each program of a control plane, by the program's name. */
export function commandLines({
  dir,
  ports,
  certificates: { ca, apiserver, frontProxy, kwok, serviceAccounts, tokens },
  ...wiring
}: Wiring) {
  const etcdUrl = `http://${LOOPBACK}:${ports.etcd}`;
  const peerUrl = `http://${LOOPBACK}:${ports.peer}`;
  const asClient = (user: User) => {
    const kubeconfig = wiring.kubeconfigOf(user);
    return { kubeconfig, 'authentication-kubeconfig': kubeconfig, 'authorization-kubeconfig': kubeconfig };
  };
  return {
    etcd: flags({
      'data-dir': join(dir, 'etcd'),
      'listen-client-urls': etcdUrl,
      'advertise-client-urls': etcdUrl,
      'listen-peer-urls': peerUrl,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': `default=${peerUrl}`,
      'unsafe-no-fsync': true, // a test's data need not survive the machine
      'log-level': 'warn',
    }),
    'kube-apiserver': flags({
      'etcd-servers': etcdUrl,
      'bind-address': LOOPBACK,
      'secure-port': ports.api,
      'endpoint-reconciler-type': 'none', // it would refuse a loopback address
      'service-cluster-ip-range': '10.96.0.0/16',
      'allow-privileged': true,
      'tls-cert-file': apiserver.crt,
      'tls-private-key-file': apiserver.key,
      'client-ca-file': ca.crt,
      'token-auth-file': tokens,
      'authorization-mode': 'Node,RBAC',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': serviceAccounts.pub,
      'service-account-signing-key-file': serviceAccounts.key,
      'proxy-client-cert-file': frontProxy.crt,
      'proxy-client-key-file': frontProxy.key,
      'requestheader-client-ca-file': ca.crt,
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-username-headers': 'X-Remote-User',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'kubelet-certificate-authority': ca.crt,
    }),
    'kube-controller-manager': flags({
      ...asClient('kcm'),
      'bind-address': LOOPBACK,
      'secure-port': ports.kcm,
      'leader-elect': false,
      'use-service-account-credentials': true,
      'service-account-private-key-file': serviceAccounts.key,
      'root-ca-file': ca.crt,
      'cluster-signing-cert-file': ca.crt,
      'cluster-signing-key-file': ca.key,
      'authentication-skip-lookup': true,
      'horizontal-pod-autoscaler-sync-period': '2s',
      'horizontal-pod-autoscaler-downscale-stabilization': '10s',
    }),
    'kube-scheduler': flags({
      ...asClient('scheduler'),
      'bind-address': LOOPBACK,
      'secure-port': ports.scheduler,
      'leader-elect': false,
      'authentication-skip-lookup': true,
    }),
    kwok: flags({
      kubeconfig: wiring.kubeconfigOf('kwok'),
      config: wiring.kwokConfig,
      'manage-all-nodes': true,
      'node-ip': LOOPBACK,
      'node-port': ports.kwok,
      'server-address': `${LOOPBACK}:${ports.kwok}`,
      'node-lease-duration-seconds': 40, // without leases the nodes go NotReady after a minute
      'tls-cert-file': kwok.crt,
      'tls-private-key-file': kwok.key,
    }),
    'metrics-server': flags({
      ...asClient('admin'),
      'bind-address': LOOPBACK,
      'secure-port': ports.metricsServer,
      'tls-cert-file': apiserver.crt,
      'tls-private-key-file': apiserver.key,
      'kubelet-preferred-address-types': 'InternalIP',
      'kubelet-use-node-status-port': true,
      'kubelet-insecure-tls': true, // KWOK plays the kubelets, on loopback
      'kubelet-request-timeout': '3s',
      'metric-resolution': '10s',
    }),
  };
}
