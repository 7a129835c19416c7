import type { Construct } from 'constructs';
import { accessText, DATA } from '../../app/usecases/data-annotations.ts';
import { MODEL } from '../../app/usecases/model-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { type Access, type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { namedOf, workloadName } from '../cluster/workload.ts';
import { credentialsOf } from '../governance/credentials.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';
import { CLUSTER } from './names.ts';

/** One line of what a principal may do, always by full name. */
export interface Acl {
  readonly type: 'allow';
  readonly resource: { readonly type: 'topic' | 'group'; readonly name: string; readonly patternType: 'literal' };
  readonly operations: readonly ('Read' | 'Write' | 'Describe')[];
  readonly host: '*';
}

const ofLog = (accesses: readonly Access[]) =>
  accesses.filter((access): access is Extract<Access, { store: 'log' }> => access.store === 'log');

/** What a workload's principal may do, from its declaration alone: Read and Describe what it reads, within its groups; Write and Describe what it writes. */
export function aclsOf({ reads, writes }: Pick<WorkloadDeclaration, 'reads' | 'writes'>): readonly Acl[] {
  const operations = new Map<string, Set<Acl['operations'][number]>>();
  const allow = (type: Acl['resource']['type'], name: string, ...may: Acl['operations'][number][]) => {
    const key = `${type} ${name}`;
    operations.set(key, new Set([...(operations.get(key) ?? []), ...may]));
  };
  for (const { topic, group } of ofLog(reads)) {
    allow('topic', topic, 'Describe', 'Read');
    if (group !== undefined) allow('group', group, 'Describe', 'Read');
  }
  for (const { topic } of ofLog(writes)) allow('topic', topic, 'Describe', 'Write');
  return [...operations].map(([key, may]): Acl => {
    const [type, name] = key.split(' ') as [Acl['resource']['type'], string];
    // From wherever it connects: the network policies say from where that may be.
    return { type: 'allow', resource: { type, name, patternType: 'literal' }, operations: [...may].sort(), host: '*' };
  });
}

/** Those workloads of a use case that touch the log, each a principal of its own. */
export const principalsOf = (usecase: UseCase): readonly WorkloadDeclaration[] =>
  workloadsOf(usecase).filter((declaration) => aclsOf(declaration).length > 0);

/** A principal for each workload that touches the log. */
export function users(scope: Construct, site: Site, usecase: UseCase): void {
  for (const declaration of principalsOf(usecase)) principal(scope, site, usecase.name, declaration);
}

/** One principal with a password, and what its declaration says that it may do. */
export function principal(scope: Construct, site: Site, usecase: string, declaration: WorkloadDeclaration): void {
  const grants = credentialsOf(site, usecase, declaration).find(({ opens }) => opens === 'log')?.grants;
  const granted = grants === undefined ? {} : { [MODEL.grants]: grants };
  customObject(scope, `user-${declaration.name}`, 'kafka.strimzi.io/v1 KafkaUser', {
    metadata: {
      name: workloadName(usecase, declaration),
      namespace: namespaceOf('ingestion'),
      labels: { ...labelsOf(namedOf(usecase, declaration), site.dials.owner), [CLUSTER]: PLATFORM, ...granted },
      annotations: {
        [DATA.reads]: accessText(ofLog(declaration.reads)),
        [DATA.writes]: accessText(ofLog(declaration.writes)),
      },
    },
    spec: {
      authentication: { type: 'scram-sha-512' },
      authorization: { type: 'simple', acls: aclsOf(declaration) },
      // The password's Secret carries what it allows, so that rules can follow it to the pods that mount it.
      template: { secret: { metadata: { labels: granted } } },
    },
  });
}
