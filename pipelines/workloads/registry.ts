import { createHash, timingSafeEqual } from 'node:crypto';
import { Registry as Metrics } from 'prom-client';
import { systemClock } from '../../app/clock/embedded.ts';
import { TOKENS } from '../../app/governance/tokens.ts';
import { openReleases } from '../../app/registry/registry.ts';
import { snapshotDigest } from '../../app/registry/snapshot.ts';
import { writeSnapshot } from '../../app/registry/write-snapshot.ts';
import { pipelineError } from '../errors.ts';
import { openProbes } from './probes.ts';
import type { RunningWorkload, WorkloadOptions } from './running.ts';

export interface RegistryOptions extends Omit<WorkloadOptions, 'usecase'> {
  /** Names of the models it tells of. */
  readonly models: readonly string[];
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** The registry over HTTP, to read only: versions, who signed them off, what answers; and the signed snapshot for previews. */
export async function startRegistry({ runtime, models, port, host }: RegistryOptions): Promise<RunningWorkload> {
  const { logger } = runtime;
  const [metadata, objects] = [await runtime.use('metadata'), await runtime.use('objects')];
  const keys = await runtime.use('keys');
  const registry = openReleases({ metadata, objects, keys });
  const metrics = new Metrics();
  const wanted = digest(await keys.secret(TOKENS.registry));
  const ready = async () => {
    for (const model of models.slice(0, 1)) await registry.alias(model, 'champion');
    return true;
  };
  const probes = openProbes({ port, host, logger, metrics, ready });
  const { app } = probes;

  const onRequest = async (request: { readonly headers: { readonly authorization?: string | undefined } }) => {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && timingSafeEqual(digest(token), wanted)) return;
    throw pipelineError('MR_PIPELINES_TOKEN', token === undefined ? 'there is no bearer token' : 'the token is not valid', {
      field: 'authorization',
      expected: 'Bearer <registry token>',
    });
  };
  const modelOf = (params: unknown): string => {
    const { model } = params as { readonly model: string };
    if (models.includes(model)) return model;
    throw pipelineError('MR_PIPELINES_NOT_REGISTERED', `there is no model '${model}'`, {
      field: 'model',
      value: model,
      expected: `one of ${models.join(', ')}`,
    });
  };
  const aliasOf = async (model: string, alias: 'champion' | 'challenger') =>
    (await registry.alias(model, alias))?.version ?? null;

  app.get('/v1/models', { onRequest }, async () => ({
    models: await Promise.all(
      models.map(async (model) => ({
        model,
        champion: await aliasOf(model, 'champion'),
        challenger: await aliasOf(model, 'challenger'),
      })),
    ),
  }));
  app.get('/v1/models/:model/versions', { onRequest }, async ({ params }) => ({
    versions: await registry.list(modelOf(params)),
  }));
  app.get('/v1/models/:model/versions/:version', { onRequest }, async ({ params }) => {
    const { version } = params as { readonly version: string };
    if (/^[1-9]\d{0,8}$/.test(version)) return registry.show(modelOf(params), Number(version));
    throw pipelineError('MR_PIPELINES_VERSION_INVALID', `'${version}' is no version`, {
      field: 'version',
      value: version,
      expected: 'a whole number above 0',
    });
  });
  app.get('/v1/models/:model/deployments', { onRequest }, async ({ params }) => ({
    deployments: await registry.deployments(modelOf(params)),
  }));
  app.get('/v1/snapshot', { onRequest }, async (_request, reply) => {
    // Its age is by the wall clock, also where the platform replays the past.
    const bytes = await writeSnapshot(registry, models, keys, systemClock);
    return reply.type('application/json').header('x-millrace-digest', snapshotDigest(bytes)).send(bytes);
  });
  const url = await probes.listen();
  return { url, metrics, close: () => probes.close() };
}
