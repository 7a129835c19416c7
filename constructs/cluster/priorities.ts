import type { Construct } from 'constructs';
import { PRIORITIES } from '../../app/usecases/annotations.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import type { Site } from '../site.ts';

const OF = {
  'millrace-serving': { value: 1_000_000, description: 'Answers users, and the stores it reads: the last to be evicted.' },
  'millrace-ingestion': { value: 500_000, description: 'Takes events in and carries them on: a gap is caught up from the log.' },
  'millrace-training': { value: 100_000, description: 'Runs again from its checkpoint: the first to go, and it evicts nobody.' },
} as const satisfies Record<(typeof PRIORITIES)[number], { readonly value: number; readonly description: string }>;

/** Who is evicted first where nodes run short. */
export function priorities(scope: Construct, { dials }: Site): void {
  for (const name of PRIORITIES) {
    const { value, description } = OF[name];
    object(scope, `priority-${name}`, 'scheduling.k8s.io/v1 PriorityClass', {
      metadata: { name, labels: labelsOf({ name, layer: 'cluster' }, dials.owner) },
      value,
      globalDefault: false,
      preemptionPolicy: name === 'millrace-training' ? 'Never' : 'PreemptLowerPriority',
      description,
    });
  }
}
