import { alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { useCase } from '../usecase-samples.ts';

const route = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'route', ...changes),
});
const MATCH = ['spec', 'rules', 0, 'matches', 0] as const;

export const fixtures: Fixtures = {
  passing: [
    { title: 'the exact path of recommendations', resources: useCase },
    route('of classifications too', [['spec', 'rules', 0, 'matches', 1], { path: { type: 'Exact', value: '/v1/classify' } }]),
  ],
  violating: [
    route('every path', [['spec', 'rules', 0, 'matches'], undefined]),
    route('a prefix', [MATCH, { path: { type: 'PathPrefix', value: '/v1/recommend' } }]),
    route('the inference protocol, which answers with scores', [
      MATCH,
      { path: { type: 'Exact', value: '/v2/models/retail/infer' } },
    ]),
    route('explanations', [['spec', 'rules', 0, 'matches', 1], { path: { type: 'Exact', value: '/v1/explain' } }]),
    route('a rewrite to another path', [
      ['spec', 'rules', 0, 'filters'],
      [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/v2/models/retail/infer' } } }],
    ]),
  ],
};
