import type { BomSnapshot } from '../../app/registry/snapshot.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { model, registryWith, released, unit } from '../model-samples.ts';

const bill = (title: string, change: Partial<BomSnapshot>): Fixture => ({
  title,
  resources: released,
  registry: registryWith({ ...unit, bom: { ...unit.bom, ...change } }),
});
const base = { name: 'text-encoder', sha256: '6'.repeat(64), licence: 'Apache-2.0' };

export const fixtures: Fixtures = {
  passing: [
    { title: 'card and data', resources: released, registry: registryWith() },
    { title: 'nothing served yet', resources: model },
    bill('a base model with its licence', { baseModels: [base] }),
  ],
  violating: [
    bill('no data sets', { dataSets: [] }),
    bill('the card of another release', { card: '8'.repeat(64) }),
    bill('a table without a version', { dataSets: [{ table: 'retail.click', version: Number.NaN }] }),
    bill('no query', { queryHash: '' }),
    bill('code of nobody knows when', { codeCommit: 'unknown' }),
    bill('a base model without a licence', { baseModels: [{ ...base, licence: '' }] }),
    bill('a base model without a digest', { baseModels: [{ ...base, sha256: 'latest' }] }),
  ],
};
