import type { Construct } from 'constructs';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import type { Site } from '../site.ts';
import { CLOUD_STORE } from './credentials.ts';

/** The store of passwords that the cloud keeps; the operator reads it with the identity of its own pods, by no key of ours. */
export function cloudStore(scope: Construct, { dials }: Site): void {
  customObject(scope, 'cloud-store', 'external-secrets.io/v1 ClusterSecretStore', {
    metadata: { name: CLOUD_STORE, labels: labelsOf({ name: 'cloud-store', layer: 'governance' }, dials.owner) },
    spec: {
      conditions: [{ namespaceSelector: { matchLabels: { 'millrace.dev/part-of': 'millrace' } } }],
      provider: { aws: { service: 'SecretsManager', region: dials.aws?.region ?? '' } },
    },
  });
}
