/** One operator that the platform relies on, as its makers' own Helm chart. */
export interface OperatorChart {
  readonly namespace: string;
  /** Of the kinds that it looks after. */
  readonly group?: string;
  readonly chart: string;
  /** Of a repository; none where `chart` is an address of its own. */
  readonly repository?: string;
  readonly version: string;
  readonly values?: Readonly<Record<string, unknown>>;
  /** Least of the pod security levels that its pods keep to, which its namespace enforces. @default 'baseline' */
  readonly podSecurity?: 'privileged';
}

/** Every operator that the charts count on. Who sizes the nodes is there only where the dials say that it does. */
export const OPERATOR_CHARTS: Readonly<Record<string, OperatorChart>> = {
  strimzi: {
    namespace: 'strimzi-system',
    group: 'kafka.strimzi.io',
    chart: 'oci://quay.io/strimzi-helm/strimzi-kafka-operator',
    version: '0.49.0',
    values: { watchAnyNamespace: true },
  },
  keda: {
    namespace: 'keda',
    group: 'keda.sh',
    chart: 'keda',
    repository: 'https://kedacore.github.io/charts',
    version: '2.18.1',
  },
  'argo-workflows': {
    namespace: 'argo',
    group: 'argoproj.io',
    chart: 'argo-workflows',
    repository: 'https://argoproj.github.io/argo-helm',
    version: '0.45.27',
    values: { server: { enabled: false } },
  },
  'cloudnative-pg': {
    namespace: 'cnpg-system',
    group: 'postgresql.cnpg.io',
    chart: 'cloudnative-pg',
    repository: 'https://cloudnative-pg.github.io/charts',
    version: '0.26.1',
  },
  'kube-prometheus-stack': {
    namespace: 'monitoring-system',
    group: 'monitoring.coreos.com',
    chart: 'kube-prometheus-stack',
    repository: 'https://prometheus-community.github.io/helm-charts',
    version: '79.0.1',
    // Its exporter of the nodes' metrics sees the node's processes and disks.
    podSecurity: 'privileged',
    values: {
      // Else it takes in what carries its release's own label, and of our alerts those alone that are about its namespace.
      prometheus: {
        prometheusSpec: {
          podMonitorSelectorNilUsesHelmValues: false,
          serviceMonitorSelectorNilUsesHelmValues: false,
          ruleSelectorNilUsesHelmValues: false,
        },
      },
      alertmanager: { alertmanagerSpec: { alertmanagerConfigMatcherStrategy: { type: 'None' } } },
    },
  },
  'external-secrets': {
    namespace: 'external-secrets',
    group: 'external-secrets.io',
    chart: 'external-secrets',
    repository: 'https://charts.external-secrets.io',
    version: '1.0.0',
  },
  'cert-manager': {
    namespace: 'cert-manager',
    group: 'cert-manager.io',
    chart: 'cert-manager',
    repository: 'https://charts.jetstack.io',
    version: 'v1.19.1',
    values: { crds: { enabled: true } },
  },
  'envoy-gateway': {
    namespace: 'gateway-system',
    group: 'gateway.networking.k8s.io',
    chart: 'oci://docker.io/envoyproxy/gateway-helm',
    version: 'v1.6.0',
  },
  'cluster-autoscaler': {
    namespace: 'kube-system',
    chart: 'cluster-autoscaler',
    repository: 'https://kubernetes.github.io/autoscaler',
    version: '9.59.1',
  },
  karpenter: {
    namespace: 'kube-system',
    chart: 'oci://public.ecr.aws/karpenter/karpenter',
    version: '1.8.1',
  },
};
