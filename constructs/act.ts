import type { UseCase } from '../app/usecases/usecase.ts';
import { type Performed, perform } from './act/perform.ts';
import type { Act } from './act/run.ts';
import type { Dials } from './dials.ts';
import { openApiServer } from './preflight/api-server.ts';
import { checkEnvironment } from './preflight/checks.ts';
import { openConnection } from './preflight/connection.ts';
import { accessOf } from './preflight/kubeconfig.ts';

/** Does an act on the cluster that the kubeconfig names, where that holds this environment. @throws what `perform` throws, MR_STACK_CONTEXT */
export async function actOn(dials: Dials, usecase: UseCase, act: Act, onBegun?: (run: string) => void): Promise<Performed> {
  const access = accessOf();
  const server = openApiServer(access);
  try {
    await checkEnvironment(server, dials, access.context);
  } finally {
    server.close();
  }
  const connection = openConnection(access);
  try {
    return await perform(connection, { usecase, act, ...(onBegun && { onBegun }) });
  } finally {
    connection.close();
  }
}
