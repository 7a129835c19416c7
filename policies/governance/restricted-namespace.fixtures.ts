import { alteredIn } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { namespace } from '../samples.ts';

const stack = namespace('serving');
const ENFORCE = ['metadata', 'labels', 'pod-security.kubernetes.io/enforce'] as const;
const excepted = { podSecurityExceptions: { 'millrace-serving': { level: 'baseline', reason: 'a vendor’s agent' } } } as const;

export const fixtures: Fixtures = {
  passing: [
    { title: 'restricted', resources: stack },
    { title: 'baseline, as listed', resources: alteredIn(stack, 'millrace-serving', [ENFORCE, 'baseline']), config: excepted },
  ],
  violating: [
    { title: 'no level', resources: alteredIn(stack, 'millrace-serving', [ENFORCE, undefined]) },
    { title: 'baseline, not listed', resources: alteredIn(stack, 'millrace-serving', [ENFORCE, 'baseline']) },
    {
      title: 'privileged, listed for baseline only',
      resources: alteredIn(stack, 'millrace-serving', [ENFORCE, 'privileged']),
      config: excepted,
    },
  ],
};
