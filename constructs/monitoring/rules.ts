import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { SELECTED } from './scrape.ts';
import type { Group, Rule } from './slo.ts';

interface RuleProps {
  readonly site: Site;
  readonly id: string;
  readonly name: string;
  readonly groups: readonly Group[];
  readonly usecase?: UseCase;
}

/**
 * Groups of rules as the Prometheus operator takes them up. It hands to our routes (scrape.ts) only alerts that carry the
 * namespace of their AlertmanagerConfig, and ours are sums in which no namespace is left: each is told it here.
 */
export function prometheusRule(scope: Construct, { site, id, name, groups, usecase }: RuleProps): void {
  const labels = labelsOf({ name, layer: 'monitoring', usecase: usecase?.name }, site.dials.owner);
  customObject(scope, id, 'monitoring.coreos.com/v1 PrometheusRule', {
    metadata: { name, namespace: namespaceOf('monitoring'), labels: { ...labels, ...SELECTED } },
    spec: { groups: groups.map((group) => ({ ...group, rules: group.rules.map(routed) })) },
  });
}

const routed = (rule: Rule): Rule =>
  rule.alert === undefined ? rule : { ...rule, labels: { ...rule.labels, namespace: namespaceOf('monitoring') } };
