import type { Resource } from '@pulumi/pulumi';
import { type AwsPlatform, awsPlatform } from './aws.ts';
import { awsPlanOf } from './aws-plan.ts';
import { AWS_VALUES, type Values } from './bridge/placeholder.ts';
import { register } from './bridge/register.ts';
import type { Foundation } from './foundation.ts';

/** The foundation with what all use cases share: event log, lake, online store, registry, monitoring, roles. */
export interface Platform extends Foundation {
  /** What the charts' placeholders stand for. */
  readonly values: Values;
  readonly shared: readonly Resource[];
  readonly stores?: AwsPlatform;
}

export function platform(base: Foundation): Platform {
  const stores = base.aws === undefined ? undefined : awsPlatform(base.aws, { plan: awsPlanOf(base.environment.site.plan) });
  const values = stores === undefined ? {} : valuesOf(stores);
  const { provider, ready } = base;
  const shared = base.environment.platform.flatMap((chart) => register(chart, { provider, dependsOn: ready, values }));
  return { ...base, values, shared, ...(stores !== undefined && { stores }) };
}

const valuesOf = (stores: AwsPlatform): Values => ({
  [AWS_VALUES.brokers]: stores.bootstrapBrokers,
  [AWS_VALUES.onlineHost]: stores.online.host,
  [AWS_VALUES.metadataHost]: stores.registry.host,
  [AWS_VALUES.metadataOwner]: stores.registry.ownerSecretArn,
  [AWS_VALUES.lakeBucket]: stores.lakeBucket,
  [AWS_VALUES.auditBucket]: stores.auditBucket,
  [AWS_VALUES.subjectKey]: stores.subjectKeyArn,
  [AWS_VALUES.signingKey]: stores.signingKeyArn,
});
