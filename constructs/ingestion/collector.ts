import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { autoscaler } from '../cluster/autoscaler.ts';
import { wholeNamespace } from '../cluster/edges.ts';
import { sizeOf } from '../cluster/size.ts';
import { deployment, workloadName } from '../cluster/workload.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { door, GATEWAY, hostOf } from '../serving/gateway.ts';
import { namespaceOf, type Site } from '../site.ts';
import { schemasName } from './topics.ts';

/** Where a definition names no cap: what a person at a keyboard cannot reach. */
const EVENTS_A_MINUTE = 600;
/** Behind one address sit a household, an office, a mobile network. */
const PEOPLE_BEHIND_ADDRESS = 10;
const HTTP = 8080;

/** `user=600,session=600,address=6000`: most events a minute that are taken in. */
export function rateCaps({ events }: UseCase): string {
  const user = Math.max(...events.map(({ rules }) => rules.maxPerKeyPerMinute ?? EVENTS_A_MINUTE));
  return Object.entries({ user, session: user, address: user * PEOPLE_BEHIND_ADDRESS })
    .map(([key, cap]) => `${key}=${cap}`)
    .join(',');
}

/** The HTTP door for events: checked, capped, sealed, then written to the log. Its replicas follow CPU and event rate. */
export function collector(scope: Construct, site: Site, usecase: UseCase): void {
  const declaration = workloadsOf(usecase).find(({ name }) => name === 'collector');
  if (declaration === undefined) return;
  const { resources, min, max } = sizeOf(site, usecase.name, declaration);
  const caps = rateCaps(usecase);
  deployment(scope, {
    site,
    usecase,
    declaration,
    resources,
    priority: 'ingestion',
    minReplicas: min,
    callers: [{ from: [wholeNamespace(GATEWAY.namespace)], ports: [HTTP] }],
    configs: [schemasName(usecase)],
    env: { [MODEL_ENVIRONMENT.rateCaps]: caps },
    annotations: { [DATA.rateCaps]: caps },
    // Ids of the last events, by which a second one is known.
    scratch: '512Mi',
  });
  customObject(scope, 'collector-route', 'gateway.networking.k8s.io/v1 HTTPRoute', {
    metadata: {
      name: workloadName(usecase.name, declaration),
      namespace: namespaceOf('ingestion'),
      labels: labelsOf({ name: 'route', layer: 'ingestion', usecase: usecase.name }, site.dials.owner),
    },
    spec: {
      hostnames: [hostOf(site.dials, usecase)],
      parentRefs: [door()],
      rules: [
        {
          matches: [{ method: 'POST', path: { type: 'Exact', value: '/v1/events' } }],
          backendRefs: [{ group: '', kind: 'Service', name: workloadName(usecase.name, declaration), port: HTTP, weight: 1 }],
          timeouts: { request: '10s' },
        },
      ],
    },
  });
  const peak = site.plan.usecases[usecase.name]?.peakEvents.value ?? 1;
  autoscaler(scope, {
    site,
    usecase,
    declaration,
    min,
    max,
    rate: { counter: 'millrace_ingestion_events_total', perPod: Math.max(1, Math.ceil(peak / Math.max(1, max))) },
  });
}
