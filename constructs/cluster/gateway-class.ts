import type { Construct } from 'constructs';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import type { Site } from '../site.ts';

/** The class that the gateway of the dials is of, where the operator for it is brought along: its chart makes none. */
export function gatewayClass(scope: Construct, { dials }: Site): void {
  if (dials.operators.from !== 'helm') return;
  const name = dials.gateway.className;
  customObject(scope, 'gateway-class', 'gateway.networking.k8s.io/v1 GatewayClass', {
    metadata: { name, labels: labelsOf({ name, layer: 'cluster' }, dials.owner) },
    spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
  });
}
