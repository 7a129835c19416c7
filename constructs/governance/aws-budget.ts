import { Budget } from '@pulumi/aws/budgets/budget.js';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { POOL } from '../../app/usecases/annotations.ts';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';

export interface GpuBudgetProps {
  /** USD a month for all nodes of the GPU pool. */
  readonly monthlyBudget: number;
  readonly alertEmail: string;
}

/** Shares of the budget, in per cent, at which a mail goes out. */
const ALARMS = [
  { notificationType: 'ACTUAL', threshold: 50 },
  { notificationType: 'ACTUAL', threshold: 80 },
  { notificationType: 'ACTUAL', threshold: 100 },
  { notificationType: 'FORECASTED', threshold: 100 },
] as const;

/**
 * The alarm on what the GPU pool costs, by the tag that its instances carry. The account's payer must have activated
 * `millrace.dev/pool` as a cost allocation tag once, which AWS allows only after the tag was first seen.
 */
export class GpuBudget extends AwsComponent {
  constructor(name: string, scope: AwsScope, props: GpuBudgetProps, options?: ComponentResourceOptions) {
    super('governance:GpuBudget', name, scope, 'internal', options);
    new Budget(
      name,
      {
        name: physicalName(scope, 'gpu'),
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        limitAmount: String(props.monthlyBudget),
        limitUnit: 'USD',
        costFilters: [{ name: 'TagKeyValue', values: [`user:${POOL}$gpu`] }],
        notifications: ALARMS.map((alarm) => ({
          ...alarm,
          comparisonOperator: 'GREATER_THAN',
          thresholdType: 'PERCENTAGE',
          subscriberEmailAddresses: [props.alertEmail],
        })),
        tags: { [POOL]: 'gpu' },
      },
      this.own,
    );
    this.registerOutputs({});
  }
}
