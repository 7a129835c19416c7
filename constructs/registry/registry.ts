import type { Construct } from 'constructs';
import { registryWorkload } from '../../app/workloads.ts';
import { autoscaler } from '../cluster/autoscaler.ts';
import { wholeNamespace } from '../cluster/edges.ts';
import { resourcesOf } from '../cluster/size.ts';
import { deployment } from '../cluster/workload.ts';
import { GATEWAY } from '../serving/gateway.ts';
import type { Site } from '../site.ts';

const HTTP = 8080;

/** The registry's own service: versions, verdicts and releases, for people, previews and the gate. */
export function registry(scope: Construct, site: Site): void {
  const { registry: plan } = site.plan.platform;
  const { min, max } = plan.replicas;
  deployment(scope, {
    site,
    declaration: registryWorkload,
    resources: resourcesOf(plan),
    priority: 'serving',
    minReplicas: min.value,
    callers: [{ from: [wholeNamespace(GATEWAY.namespace)], ports: [HTTP] }],
  });
  autoscaler(scope, { site, declaration: registryWorkload, min: min.value, max: max.value });
}
