import { DATA } from '../../app/usecases/data-annotations.ts';
import { manifestEntries } from '../manifest-data.ts';
import { kindOf, objectName, word } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { missing, violation } from '../violation.ts';

/** Types that keep data beyond a pod's life. */
const STORES = [
  /^kubernetes:kafka\.strimzi\.io\/[^:]+:KafkaTopic$/,
  /^kubernetes:apps\/v1:StatefulSet$/,
  /^kubernetes:core\/v1:PersistentVolumeClaim$/,
  /^kubernetes:postgresql\.cnpg\.io\/[^:]+:Cluster$/,
  /^aws:msk\/topic:Topic$/,
  /^aws:s3\/bucket:Bucket$/,
  /^aws:elasticache\/(replicationGroup:ReplicationGroup|cluster:Cluster|serverlessCache:ServerlessCache)$/,
  /^aws:rds\/(instance:Instance|cluster:Cluster)$/,
  /^aws:dynamodb\/table:Table$/,
  /^aws:efs\/fileSystem:FileSystem$/,
];
const OUTCOMES = ['deleted', 'unreadable', 'excluded', 'ages out'];

export const erasureManifest: StackRule = {
  id: 'D11',
  name: 'governance-erasure-manifest',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Every store that holds subject data is in the erasure manifest',
  control: ['GDPR Art. 17'],
  reason: 'A forgotten store brings an erased person back.',
  remediation: 'Register the store’s eraser in the manifest, or exempt it with the reason why nothing of a person is in it.',
  kinds: ['*'],
  checkStack: (resources) => {
    const stores = resources.filter(({ type }) => STORES.some((pattern) => pattern.test(type)));
    const documents = manifestEntries(resources, 'erasure');
    if (stores.length > 0 && documents.length === 0)
      return [missing(erasureManifest, 'an erasure manifest', `one that names ${stores.map(label).join(', ')}`)];
    const erased = documents.flatMap(({ document }) => named(document?.['stores']));
    const exempt = documents.flatMap(({ document }) => named(document?.['exempt']));
    return stores.flatMap((store) => judge(store, erased, exempt));
  },
};

const label = (store: Resource): string => `${kindOf(store)}/${nameOf(store)}`;
/** AWS stores go by their name in the program: the other is made up on creation. */
const nameOf = (store: Resource): string => (store.type.startsWith('aws:') ? store.name : objectName(store));

type Entry = Readonly<Record<string, unknown>>;

const named = (value: unknown): readonly Entry[] =>
  Array.isArray(value) ? value.filter((entry): entry is Entry => typeof entry === 'object' && entry !== null) : [];

function judge(store: Resource, erased: readonly Entry[], exempt: readonly Entry[]): readonly Violation[] {
  const mine = ({ kind, name }: Entry) => kind === kindOf(store) && name === nameOf(store);
  const fault = (found: unknown, expected: string) => [violation(erasureManifest, store, { property: '', found, expected })];
  const eraser = erased.find(mine);
  if (eraser !== undefined)
    return OUTCOMES.includes(String(eraser['outcome']))
      ? []
      : fault(`in the manifest with outcome ${JSON.stringify(eraser['outcome'])}`, `an outcome of ${OUTCOMES.join(', ')}`);
  const why = exempt.find(mine)?.['reason'];
  if (why === undefined) return fault('a store that no erasure manifest names', `${label(store)} under stores or exempt`);
  const personal = ['pii', 'sensitive'].includes(word(store, DATA.dataClass) ?? '');
  if (personal) return fault(`exempt, though of class ${word(store, DATA.dataClass)}`, `${label(store)} under stores`);
  return String(why).trim().length >= 12 ? [] : fault(`exempt because ${JSON.stringify(why)}`, 'a reason in a sentence');
}
