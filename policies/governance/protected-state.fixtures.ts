import { altered, alteredIn } from '../alteration.ts';
import { buckets, keyArn, sealed, TAGS } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import type { Resource } from '../rule.ts';
import { aws } from '../samples.ts';

const key = aws('kms/key:Key', 'key-lake', { tags: TAGS, enableKeyRotation: true, deletionWindowInDays: 30 }, { protect: true });
const database = aws(
  'rds/instance:Instance',
  'registry',
  { tags: TAGS, engine: 'postgres', storageEncrypted: true, kmsKeyId: keyArn('registry'), deletionProtection: true },
  { protect: true },
);
const password = aws('secretsmanager/secret:Secret', 'owner', { tags: TAGS });
const bare = (resource: Resource): Resource => ({ ...resource, protect: false });
const dropped = (name: string) => buckets.map((resource) => (resource.name === name ? bare(resource) : resource));

export const fixtures: Fixtures = {
  passing: [
    { title: 'everything protected', resources: [...buckets, key, database, password] },
    { title: 'nothing protected in dev', environment: 'dev', resources: [...dropped('lake'), bare(key), bare(database)] },
    { title: 'windows that AWS sets', resources: [altered(key, [['deletionWindowInDays'], undefined])] },
  ],
  violating: [
    { title: 'a lake that one command takes away', resources: dropped('lake') },
    { title: 'a lake that goes with all that is in it', resources: alteredIn(buckets, 'lake', [['forceDestroy'], true]) },
    { title: 'a key that one command takes away', resources: [bare(key)] },
    { title: 'a key that is gone in a week', resources: [altered(key, [['deletionWindowInDays'], 7])] },
    { title: 'a secret that is gone at once', resources: [altered(password, [['recoveryWindowInDays'], 0])] },
    { title: 'a registry that one command takes away', resources: [...sealed, bare(database)] },
    { title: 'a registry that AWS lets go', resources: [...sealed, altered(database, [['deletionProtection'], false])] },
  ],
};
