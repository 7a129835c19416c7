import type { input } from '@pulumi/kubernetes/types/index.js';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { workloadName } from '../cluster/workload.ts';
import { stackError } from '../errors.ts';
import { FILE, subjectSecret } from '../governance/erase.ts';
import { PLATFORM } from '../site.ts';

/** What a person does: words of `millrace`, by whom, and to whom where it is an erasure. */
export interface Act {
  readonly words: readonly string[];
  /** Goes into the log of acts. */
  readonly as: string;
  /** The id of the person to be erased. */
  readonly subject?: string;
}

interface Metadata {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The suspended CronJob that a run is made from, as the API server or a chart gives it. */
export interface Template {
  readonly metadata: Metadata & { readonly name: string; readonly namespace: string };
  readonly spec: { readonly jobTemplate: { readonly metadata?: Metadata; readonly spec: input.batch.v1.JobSpec } };
}

const isSubjects = ({ layer }: WorkloadDeclaration): boolean => layer === 'governance';

/**
 * The declared workload that does what the words ask for. @throws MR_STACK_ACT where none does, where an id stands among the
 * words, which whoever may look at runs would read, or where an erasure names nobody
 */
export function workloadFor(usecase: UseCase, { words, subject }: Act): WorkloadDeclaration {
  const acts = workloadsOf(usecase).filter(({ byPerson }) => byPerson === true);
  const found = acts.find(({ command }) => command.every((word, at) => words[at] === word));
  const refuse = (message: string, field: string, value: string, expected: string) =>
    stackError('MR_STACK_ACT', message, { field, value, expected });
  if (found === undefined) {
    const known = acts.map(({ command }) => command.join(' ')).join(', ');
    throw refuse('No workload of people does this', 'words', words.slice(0, 2).join(' '), `words that begin with ${known}`);
  }
  const more = words.length - found.command.length;
  if (isSubjects(found) && more > 0)
    throw refuse('Words of a run are shown to whoever may see runs', 'words', `${more} more`, 'the id in --subject-file alone');
  if (isSubjects(found) === (subject === undefined || subject === ''))
    throw refuse('An erasure, and it alone, is told of a person', '--subject-file', '', 'a file with the id, for an erasure');
  return found;
}

/** A run of the template, with the words of the act after the template's own. */
export function jobOf({ metadata, spec }: Template, { command }: WorkloadDeclaration, { words, as }: Act) {
  const { jobTemplate } = spec;
  const pod = jobTemplate.spec.template as { readonly spec: { readonly containers: readonly { readonly args?: string[] }[] } };
  const [container, ...beside] = pod.spec.containers;
  const args = [...(container?.args ?? []), ...words.slice(command.length), '--as', as];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      generateName: `${metadata.name}-`,
      namespace: metadata.namespace,
      labels: { ...metadata.labels, ...jobTemplate.metadata?.labels },
      annotations: { ...ownOf(metadata.annotations), 'cronjob.kubernetes.io/instantiate': 'manual' },
    },
    spec: {
      ...jobTemplate.spec,
      template: { ...pod, spec: { ...pod.spec, containers: [{ ...container, args }, ...beside] } },
    },
  };
}

/** Without those of whoever applied the template. */
const ownOf = (annotations: Metadata['annotations'] = {}) =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith(`${PLATFORM}.dev/`)));

/** Hands the id over; it goes when its run goes, at the latest. */
export const secretOf = (
  usecase: UseCase,
  { metadata }: Template,
  job: { readonly name: string; readonly uid: string },
  id: string,
) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: subjectSecret(usecase.name),
    namespace: metadata.namespace,
    labels: { ...metadata.labels },
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job.name, uid: job.uid }],
  },
  type: 'Opaque',
  data: { [FILE]: Buffer.from(id).toString('base64') },
});

export const templateName = (usecase: UseCase, declaration: WorkloadDeclaration): string =>
  workloadName(usecase.name, declaration);
