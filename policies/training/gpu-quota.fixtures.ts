import { alteredIn, without } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { namespace } from '../samples.ts';

const stack = namespace('training');
const QUOTA = 'millrace-training-quota';
const HARD = ['spec', 'hard', 'requests.nvidia.com/gpu'] as const;

export const fixtures: Fixtures = {
  passing: [
    { title: 'a quota of none', resources: stack },
    { title: 'a quota of eight', resources: alteredIn(stack, QUOTA, [HARD, '8']) },
  ],
  violating: [
    { title: 'no quota', resources: without(stack, QUOTA), previewOnly: true },
    {
      title: 'a quota that leaves GPUs out',
      resources: alteredIn(stack, QUOTA, [['spec', 'hard'], { pods: '10' }]),
      previewOnly: true,
    },
    {
      title: 'a quota of another namespace',
      resources: alteredIn(stack, QUOTA, [['metadata', 'namespace'], 'millrace-lake']),
      previewOnly: true,
    },
  ],
};
