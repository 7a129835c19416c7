import type { UseCase } from '../app/usecases/usecase.ts';
import type { Dials } from './dials.ts';
import { environmentOf } from './environment.ts';
import { loadUseCases } from './environments.ts';
import { type ApiServer, openApiServer } from './preflight/api-server.ts';
import { checkEnvironment, checkKinds, checkOperators, checkPermissions } from './preflight/checks.ts';
import { checkGpus } from './preflight/gpus.ts';
import { accessOf, type KubeconfigOptions } from './preflight/kubeconfig.ts';
import { needsOf } from './preflight/needs.ts';
import { checkRunning } from './preflight/operators.ts';
import { checkRoom } from './preflight/room.ts';

export interface PreflightOptions extends KubeconfigOptions {
  /** @default every folder of app/usecases/ */
  readonly usecases?: readonly UseCase[];
  /** Whether the stack makes the foundation although the dials say that another one does. @default false */
  readonly foundation?: boolean;
}

/** What a preflight found; on target aws, where the stack makes its own cluster, no more than `checked: false`. */
export type Preflight =
  | { readonly checked: false; readonly reason: string }
  | {
      readonly checked: true;
      readonly context: string;
      readonly server: string;
      /** Of Kubernetes. */
      readonly version: string;
      /** Kinds that the environment writes, all of them served or brought by the stack. */
      readonly kinds: number;
      /** What could not be looked at for want of a permission to read it. */
      readonly unseen: readonly string[];
      /** Namespaces of operators whose kinds are served, but where nothing runs that would look after them. */
      readonly idle: readonly string[];
      /** What GPU nodes would lack there. */
      readonly gpus: readonly string[];
    };

/**
 * Asks the cluster, before an engine changes anything, whether this environment can stand up there. Nothing is written.
 * @throws MR_STACK_KUBECONFIG, MR_STACK_CONTEXT, MR_STACK_UNREACHABLE, MR_STACK_CREDENTIALS, MR_STACK_OPERATORS,
 *   MR_STACK_KINDS, MR_STACK_FORBIDDEN, MR_STACK_QUOTA: each names all faults of its kind at once
 */
export async function preflight(asked: Dials, options: PreflightOptions = {}): Promise<Preflight> {
  // On another stack's foundation the operators' kinds must be there.
  const onOther = asked.foundation !== undefined && options.foundation !== true;
  const dials: Dials = onOther ? { ...asked, operators: { from: 'present' } } : asked;
  if (dials.target === 'aws') return { checked: false, reason: 'the stack makes the cluster itself' };
  const needs = needsOf(environmentOf(dials, options.usecases ?? (await loadUseCases())));
  const access = accessOf(options);
  const server: ApiServer = openApiServer(access);
  try {
    const version = await server.version();
    await checkEnvironment(server, dials, access.context);
    checkOperators(dials);
    const served = await checkKinds(server, dials, needs);
    await checkPermissions(server, dials, needs, served);
    const room = await checkRoom(server, dials, needs);
    const { idle, unseen } = await checkRunning(server, dials, needs);
    const gpu = await checkGpus(server, dials);
    const found = { context: access.context, server: access.server, version, kinds: needs.kinds.length };
    return { checked: true, ...found, unseen: [...room, ...unseen, ...gpu.unseen], idle, gpus: gpu.gpus };
  } finally {
    server.close();
  }
}
