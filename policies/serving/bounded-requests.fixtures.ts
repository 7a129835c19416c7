import { REQUEST_SCHEMAS, SETTING } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { settingOf, useCase } from '../usecase-samples.ts';

const serving = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'serving', ...changes),
});

const SCHEMA = ['data', 'recommend.json'] as const;
const schema = (title: string, value: unknown): Fixture => ({
  title,
  resources: alteredIn(useCase, 'retail-requests', [SCHEMA, typeof value === 'string' ? value : JSON.stringify(value)]),
});
const context = { type: 'object', properties: { profiling: { type: 'boolean' } } };
const request = (more: object) => ({ type: 'object', properties: { context, ...more } });
const bounded = { type: 'string', maxLength: 8 };

export const fixtures: Fixtures = {
  passing: [
    { title: 'bounded', resources: useCase },
    schema('one of a few texts needs no length', request({ kind: { type: 'string', enum: ['a', 'b'] } })),
  ],
  violating: [
    schema('a list of any length', request({ exclude: { type: 'array', items: bounded } })),
    schema('a text of any length', request({ user: { type: 'string' } })),
    schema('a text of any length in a list', request({ exclude: { type: 'array', maxItems: 9, items: { type: 'string' } } })),
    schema(
      'a text of any length in one of several shapes',
      request({ user: { anyOf: [bounded, { type: ['string', 'null'] }] } }),
    ),
    serving('a body of any size', settingOf(SETTING.bodyLimit, undefined)),
    serving('a body of ten megabytes', settingOf(SETTING.bodyLimit, '10485760')),
    serving('schemas that are not there', [['metadata', 'annotations', REQUEST_SCHEMAS], 'other']),
  ],
};
