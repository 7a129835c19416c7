import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { network } from '../cluster/edges.ts';
import { endpointsOf } from '../cluster/workload.ts';
import type { Site } from '../site.ts';

/**
 * The network of a use case's trainings, whoever makes their pods: Argo, or a CronJob for what sweeps up behind them. One
 * policy selects all of them by layer and use case, and opens the stores that they declare.
 */
export function trainingNetwork(scope: Construct, site: Site, usecase: UseCase): void {
  const layer = 'training';
  const declared = workloadsOf(usecase).filter((one) => one.layer === layer);
  const stores = new Set(declared.flatMap((one) => endpointsOf(site, one)));
  network(scope, 'network', {
    name: layer,
    layer,
    usecase: usecase.name,
    owner: site.dials.owner,
    pods: { 'millrace.dev/layer': layer, 'millrace.dev/usecase': usecase.name },
    // Argo's own container in each pod reports what a step gave to the API server.
    egress: [...stores, site.endpoints.telemetry, site.endpoints.controlPlane],
  });
}
