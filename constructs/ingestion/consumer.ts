import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { sizeOf } from '../cluster/size.ts';
import { deployment, type WorkloadProps } from '../cluster/workload.ts';
import { scaleOnLag } from './scaling.ts';

type ConsumerProps = Omit<WorkloadProps, 'resources' | 'usecase'> & {
  readonly usecase: UseCase;
  /** Of the pod's own disk, e.g. `1Gi`. @default '256Mi' */
  readonly disk?: string;
};

/** A declared consumer: a Deployment of the plan's size whose replicas follow its lag, unless it is to be alone. */
export function consumer(scope: Construct, props: ConsumerProps): void {
  const { site, usecase, declaration, disk } = props;
  const { resources, min } = sizeOf(site, usecase.name, declaration, disk);
  // It commits what it has before it leaves; its partitions wait for that.
  deployment(scope, { drainSeconds: 5, ...props, resources, minReplicas: min });
  if (declaration.single !== true) scaleOnLag(scope, site, usecase, declaration);
}
