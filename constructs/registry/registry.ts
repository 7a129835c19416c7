import type { Construct } from 'constructs';
import { registryWorkload } from '../../app/platform-workloads.ts';
import { autoscaler } from '../cluster/autoscaler.ts';
import { resourcesOf } from '../cluster/size.ts';
import { deployment } from '../cluster/workload.ts';
import type { Site } from '../site.ts';

/** The registry's own service: versions, verdicts and releases. No route leads to it: people reach it by `kubectl port-forward`. */
export function registry(scope: Construct, site: Site): void {
  const { registry: plan } = site.plan.platform;
  const { min, max } = plan.replicas;
  deployment(scope, {
    site,
    declaration: registryWorkload,
    resources: resourcesOf(plan),
    priority: 'serving',
    minReplicas: min.value,
  });
  autoscaler(scope, { site, declaration: registryWorkload, min: min.value, max: max.value });
}
