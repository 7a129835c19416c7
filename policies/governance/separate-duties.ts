import { DATA } from '../../app/usecases/data-annotations.ts';
import { list } from '../amounts.ts';
import { accountsWith, granting } from '../credentials.ts';
import { aclsOf } from '../ingestion/dead-letters.ts';
import { accountOf, objectName, ofKind, secretsOf, word, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { eventTopics } from '../validation/compatible-schema.ts';
import { violation } from '../violation.ts';

export const separateDuties: StackRule = {
  id: 'M07',
  name: 'governance-separate-duties',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Who writes training data cannot promote, and who promotes cannot write data',
  control: ['OWASP ML02', 'OWASP ML10', 'SOC 2 CC5'],
  reason: 'One stolen token must not poison the data and promote what learnt from it.',
  remediation: 'Give each duty its own service account, KafkaUser and credentials; the constructs do.',
  kinds: ['kubernetes:*', 'aws:msk/topic:Topic'],
  checkStack: (resources) => {
    const promoting = accountsWith(resources, 'promote');
    const writing = writers(resources);
    const both = [...promoting].filter((account) => writing.has(account));
    return [...both.flatMap((account) => parted(resources, account, writing)), ...doublyGranted(resources)];
  },
};

/** Accounts that can write topics of events or tables of the lake made of them, and how. */
function writers(resources: readonly Resource[]): ReadonlyMap<string, string> {
  const events = eventTopics(resources).map(objectName);
  const found = new Map<string, string>();
  const users = ofKind(resources, 'KafkaUser').filter((user) =>
    aclsOf(user).some(
      ({ kind, name, prefix, operations }) =>
        kind === 'topic' &&
        operations.some((operation) => operation === 'Write' || operation === 'All') &&
        events.some((topic) => (prefix ? topic.startsWith(name) : topic === name || name === '*')),
    ),
  );
  for (const workload of workloads(resources)) {
    const user = users.find((of) => secretsOf(workload).has(objectName(of)));
    if (user !== undefined)
      found.set(accountOf(workload), `${workload.name} mounts the KafkaUser ${objectName(user)}, which writes events`);
    const writes = list(word(workload, DATA.writes)).filter((one) =>
      events.some((topic) => [`lake:${topic}`, `log:${topic}`].includes(one)),
    );
    if (writes.length > 0) found.set(accountOf(workload), `${workload.name} writes ${writes.join(', ')}`);
  }
  for (const account of accountsWith(resources, 'write-data'))
    found.set(account, 'it can read credentials that grant `write-data`');
  return found;
}

/** The workloads that hold both duties; the bindings, where the account is no workload's. */
function parted(resources: readonly Resource[], account: string, writing: ReadonlyMap<string, string>): readonly Violation[] {
  const [namespace, name] = account.split('/');
  const of = workloads(resources).filter((workload) => accountOf(workload) === account);
  const bindings = ofKind(resources, 'RoleBinding', 'ClusterRoleBinding').filter((binding) => {
    const text = JSON.stringify(binding.props);
    return text.includes(`"${name}"`) && text.includes(`"${namespace}"`);
  });
  const found = `${account}, which may promote, and ${writing.get(account)}`;
  return (of.length > 0 ? of : bindings).map((resource) =>
    violation(separateDuties, resource, { property: '', found, expected: 'an account that has one of the two duties' }),
  );
}

/** One set of credentials that grants both. */
const doublyGranted = (resources: readonly Resource[]): readonly Violation[] =>
  granting(resources, 'promote')
    .filter((credential) => granting(resources, 'write-data').includes(credential))
    .map((credential) =>
      violation(separateDuties, credential, {
        property: 'metadata.labels',
        found: 'promote and write-data',
        expected: 'one of the two',
      }),
    );
