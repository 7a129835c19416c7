import { setTimeout as sleep } from 'node:timers/promises';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { stackError } from '../errors.ts';
import type { Answer, Connection } from '../preflight/connection.ts';
import { namespaceOf } from '../site.ts';
import { type Act, jobOf, secretOf, type Template, templateName, workloadFor } from './run.ts';

export interface Performed {
  /** `namespace/name` of the Job. */
  readonly run: string;
  /** Of its container. */
  readonly exitCode: number;
  readonly log: string;
}

interface Job {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: {
      readonly containerStatuses?: readonly { readonly state?: { readonly terminated?: { readonly exitCode: number } } }[];
    };
  }[];
}

export interface PerformOptions {
  readonly usecase: UseCase;
  readonly act: Act;
  /** Told once the run has begun. */
  readonly onBegun?: (run: string) => void;
  /** Milliseconds between two looks. @default 1000 */
  readonly everyMs?: number;
}

/**
 * Has a run do what a person asks for, under the rights of the act's own workload: whoever asks needs none but to create Jobs
 * there. It ends by its template's deadline at the latest.
 * @throws MR_STACK_ACT, MR_STACK_ACT_REFUSED, MR_STACK_ACT_LOST
 */
export async function perform(connection: Connection, options: PerformOptions): Promise<Performed> {
  const { usecase, act, everyMs = 1_000 } = options;
  const declaration = workloadFor(usecase, act);
  const namespace = namespaceOf(declaration.layer);
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const name = templateName(usecase, declaration);
  const path = `/apis/batch/v1/namespaces/${namespace}/cronjobs/${name}`;
  const template = read<Template>(await connection.ask('GET', path), `${namespace}/${name}`);
  const job = read<Job>(await connection.ask('POST', jobs, jobOf(template, declaration, act)), `a Job from ${namespace}/${name}`);
  const run = `${namespace}/${job.metadata.name}`;
  const secrets = `/api/v1/namespaces/${namespace}/secrets`;
  if (act.subject !== undefined) {
    const secret = secretOf(usecase, template, job.metadata, act.subject);
    const made = await connection.ask('POST', secrets, secret);
    // A run that nobody hands an id over to would wait for one, and take the next that comes.
    if (made.status >= 300) await connection.ask('DELETE', `${jobs}/${job.metadata.name}?propagationPolicy=Background`);
    read(made, `the Secret ${namespace}/${secret.metadata.name}`);
    try {
      options.onBegun?.(run);
      return await outcome();
    } finally {
      await connection.ask('DELETE', `${secrets}/${secret.metadata.name}`);
    }
  }
  options.onBegun?.(run);
  return outcome();

  async function outcome(): Promise<Performed> {
    let ended: { readonly type: string; readonly message?: string } | undefined;
    while (ended === undefined) {
      const { status } = read<Job>(await connection.ask('GET', `${jobs}/${job.metadata.name}`), run);
      ended = status?.conditions?.find((one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True');
      if (ended === undefined) await sleep(everyMs);
    }
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job.metadata.name}`);
    const { items } = read<Pods>(await connection.ask('GET', `${pods}?labelSelector=${selector}`), `the pods of ${run}`);
    const [pod] = items;
    const exitCode = pod?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
    if (pod === undefined || exitCode === undefined)
      throw stackError('MR_STACK_ACT_LOST', `${run} is ${ended.type}: ${ended.message ?? 'its pod is gone'}`, {
        field: 'run',
        value: run,
        expected: 'a pod that ended by itself',
      });
    const log = await connection.ask('GET', `${pods}/${pod.metadata.name}/log`);
    const unread = () => `its log cannot be read: ${messageIn(log.body)}`;
    return { run, exitCode, log: log.status < 300 ? log.body : unread() };
  }
}

/** @throws MR_STACK_ACT_REFUSED with what the API server says */
function read<T>({ status, body }: Answer, what: string): T {
  if (status < 300) return JSON.parse(body) as T;
  throw stackError('MR_STACK_ACT_REFUSED', `${what}: ${messageIn(body)}`, {
    field: 'status',
    value: status,
    expected: '200 or 201',
  });
}

function messageIn(body: string): string {
  try {
    return (JSON.parse(body) as { readonly message?: string }).message ?? body;
  } catch {
    return body;
  }
}
