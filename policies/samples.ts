/**
 * Good resources that fixtures are made from: each passes every rule, so that one alteration breaks one rule. They are the
 * smallest that do, not what the constructs write.
 */
import {
  BELONGS,
  COST_CENTRE,
  DATA_CLASS,
  ENVIRONMENT,
  LAYER,
  NAME,
  OWNER,
  PART_OF,
  PLATFORM,
  POOL,
  USECASE,
  WORKLOAD,
} from '../app/usecases/annotations.ts';
import type { Fixture } from './fixture.ts';
import { apiVersionOf } from './kinds.ts';
import type { Resource } from './rule.ts';

type Values = Readonly<Record<string, unknown>>;

export const IMAGE = `registry.example.org/millrace/millrace@sha256:${'a'.repeat(64)}`;

/** A resource of Kubernetes as the bridge registers it. */
export function kubernetes(token: string, name: string, body: Values & { readonly metadata?: Values } = {}): Resource {
  const type = `kubernetes:${token}`;
  const { metadata, ...rest } = body;
  const props = { apiVersion: apiVersionOf(type), kind: type.split(':')[2] as string, metadata: { name, ...metadata }, ...rest };
  return { type, name, urn: `urn:pulumi:prod::millrace::${type}::${name}`, props };
}

/** A resource of AWS. */
export const aws = (token: string, name: string, props: Values, more: Partial<Resource> = {}): Resource => ({
  type: `aws:${token}`,
  name,
  urn: `urn:pulumi:prod::millrace::aws:${token}::${name}`,
  props,
  ...more,
});

export interface Workload {
  readonly name: string;
  readonly layer: string;
  readonly usecase?: string;
}

export const EXPORTER: Workload = { name: 'exporter', layer: 'monitoring' };

export const labelsFor = ({ name, layer, usecase }: Workload): Readonly<Record<string, string>> => ({
  [NAME]: name,
  [PART_OF]: PLATFORM,
  [LAYER]: layer,
  [WORKLOAD]: name,
  ...(usecase !== undefined && { [USECASE]: usecase }),
  [OWNER]: 'team-recs',
  [ENVIRONMENT]: 'prod',
  [COST_CENTRE]: 'shop',
  [DATA_CLASS]: 'internal',
});

const PRIORITY: Readonly<Record<string, string>> = { serving: 'millrace-serving', training: 'millrace-training' };

export const container = (more: Values = {}): Values => ({
  name: 'main',
  image: IMAGE,
  resources: {
    requests: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '64Mi' },
    limits: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '64Mi' },
  },
  securityContext: {
    privileged: false,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: 20_001,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
  ...more,
});

export const podSpecFor = ({ name, layer }: Workload, more: Values = {}): Values => ({
  serviceAccountName: name,
  automountServiceAccountToken: false,
  priorityClassName: PRIORITY[layer] ?? 'millrace-ingestion',
  nodeSelector: { [POOL]: 'cpu' },
  securityContext: { runAsNonRoot: true, runAsUser: 20_001, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container()],
  ...more,
});

export type Form = 'Pod' | 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob' | 'CronWorkflow';

const TOKENS: Readonly<Record<Form, string>> = {
  Pod: 'core/v1:Pod',
  Deployment: 'apps/v1:Deployment',
  StatefulSet: 'apps/v1:StatefulSet',
  DaemonSet: 'apps/v1:DaemonSet',
  Job: 'batch/v1:Job',
  CronJob: 'batch/v1:CronJob',
  CronWorkflow: 'argoproj.io/v1alpha1:CronWorkflow',
};

/** One workload in any of the forms that a pod takes. */
export function workload(form: Form, of: Workload = EXPORTER, pod: Values = {}, annotations?: Values): Resource {
  const labels = labelsFor(of);
  const metadata = { namespace: `${PLATFORM}-${of.layer}`, labels, ...(annotations && { annotations }) };
  const once = form === 'Job' || form === 'CronJob';
  const spec = podSpecFor(of, { ...(once && { restartPolicy: 'Never' }), ...pod });
  const template = { metadata: { labels }, spec };
  const selector = { matchLabels: { [NAME]: of.name } };
  const bounded = { activeDeadlineSeconds: 3_600, backoffLimit: 2 };
  const { containers, initContainers, volumes, priorityClassName, ...shared } = spec;
  const bodies: Readonly<Record<Form, Values>> = {
    Pod: { spec },
    Deployment: { spec: { selector, template } },
    StatefulSet: { spec: { serviceName: of.name, selector, template } },
    DaemonSet: { spec: { selector, template } },
    Job: { spec: { ...bounded, template } },
    CronJob: { spec: { schedule: '0 3 * * *', jobTemplate: { spec: { ...bounded, template } } } },
    CronWorkflow: {
      spec: {
        schedules: ['0 3 * * *'],
        workflowSpec: {
          ...shared,
          ...(priorityClassName !== undefined && { podPriorityClassName: priorityClassName }),
          podMetadata: { labels },
          activeDeadlineSeconds: 3_600,
          entrypoint: 'main',
          templates: [
            {
              name: 'main',
              retryStrategy: { limit: '2' },
              container: (containers as readonly Values[])[0],
              ...(initContainers !== undefined && { initContainers }),
              ...(volumes !== undefined && { volumes }),
            },
          ],
        },
      },
    },
  };
  return kubernetes(TOKENS[form], of.name, { metadata, ...bodies[form] });
}

/** A namespace of the platform with what belongs into each. */
export const namespace = (layer: string): readonly Resource[] => {
  const name = `${PLATFORM}-${layer}`;
  const labels = { [BELONGS]: PLATFORM, 'pod-security.kubernetes.io/enforce': 'restricted' };
  return [
    kubernetes('core/v1:Namespace', name, { metadata: { labels } }),
    kubernetes('networking.k8s.io/v1:NetworkPolicy', `${name}-default-deny`, {
      metadata: { name: 'default-deny', namespace: name },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    }),
    kubernetes('core/v1:ResourceQuota', `${name}-quota`, {
      metadata: { name: 'quota', namespace: name },
      spec: { hard: { 'requests.nvidia.com/gpu': '0' } },
    }),
  ];
};

export const FORMS = Object.keys(TOKENS) as readonly Form[];

/** The same fixture for each form that a pod takes. */
export const inEachForm = (
  title: string,
  make: (form: Form) => readonly Resource[],
  forms: readonly Form[] = FORMS,
): readonly Fixture[] =>
  forms.map((form) => {
    const resources = make(form);
    return {
      title: `${form}: ${title}`,
      resources: form === 'StatefulSet' ? [...resources, nothingPersonal(resources)] : resources,
    };
  });

/** A StatefulSet counts as a store, and the erasure manifest must speak of each. */
const nothingPersonal = (resources: readonly Resource[]): Resource =>
  kubernetes('core/v1:ConfigMap', 'erasure', {
    metadata: { namespace: `${PLATFORM}-governance`, labels: { 'millrace.dev/manifest': 'erasure' } },
    data: {
      'erasure.json': JSON.stringify({
        stores: [],
        exempt: resources.map(({ name }) => ({
          kind: 'StatefulSet',
          name,
          reason: 'it counts objects and keeps nothing of a person',
        })),
      }),
    },
  });
