import type { UnitSnapshot } from '../../app/registry/snapshot.ts';
import type { StackRule } from '../rule.ts';
import { servedUnits } from '../served-unit.ts';
import { violation } from '../violation.ts';

const DIGEST = /^[0-9a-f]{64}$/;

export const billOfMaterials: StackRule = {
  id: 'M13',
  name: 'governance-bill-of-materials',
  layer: 'governance',
  severity: 'mandatory',
  title: 'A release has a bill of materials with model card, data sets and base models',
  control: ['ISO 42001 A.10.3', 'NIST AI RMF GOVERN 6.1'],
  reason: 'The parts of a model are a supply chain: one recalled part must lead to every model made of it.',
  remediation:
    'Train and register the release with this platform, which writes the bill; a base model needs name, digest and licence.',
  kinds: ['kubernetes:apps/v1:Deployment'],
  checkStack: (resources, context) =>
    servedUnits(resources, context).flatMap(({ deployment, unit, property }) =>
      faultsOf(unit).map(([found, expected]) => violation(billOfMaterials, deployment, { property, found, expected })),
    ),
};

function faultsOf({ bom, files }: UnitSnapshot): readonly (readonly [string, string])[] {
  const loose = bom.dataSets.filter(({ table, version }) => table === '' || !Number.isInteger(version) || version < 0);
  const unknown = bom.baseModels.filter(({ name, sha256, licence }) => name === '' || !DIGEST.test(sha256) || licence === '');
  return [
    ...(bom.card === files['card.md']?.sha256 && DIGEST.test(bom.card)
      ? []
      : [['a bill without the card of the release', 'the digest of its card.md'] as const]),
    ...(bom.dataSets.length === 0 ? [['a bill without data sets', 'each table with its version'] as const] : []),
    ...loose.map(({ table, version }) => [`data set ${table} at version ${version}`, 'a table at a version'] as const),
    ...(DIGEST.test(bom.queryHash) ? [] : [['data that no query names', 'the hash of the query'] as const]),
    ...(bom.trainer === '' || !/^[0-9a-f]{40}$/.test(bom.codeCommit)
      ? [[`trainer ${bom.trainer} at ${bom.codeCommit}`, 'a trainer at a commit'] as const]
      : []),
    ...unknown.map(({ name }) => [`base model ${name}`, 'name, digest and licence'] as const),
  ];
}
