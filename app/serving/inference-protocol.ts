import { Type } from 'typebox';
import type { UseCase } from '../usecases/usecase.ts';
import { servingError } from './errors.ts';
import type { Guard } from './guard.ts';
import { problems } from './schemas.ts';
import {
  type InferenceRequest,
  type requestSchema,
  type responseSchema,
  type Tensor,
  type TensorMetadata,
  wantedOutputs,
} from './tensors.ts';
import type { Held, ServingUnit, UnitSlot } from './unit.ts';
import { markFallback, type Web } from './web.ts';

/** What of the protocol is the kind's own. */
export interface Inferring {
  readonly summary: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly request: ReturnType<typeof requestSchema>;
  readonly response: ReturnType<typeof responseSchema>;
  /** Judges a request; what it resolves to by a unit are all outputs. @throws MR_SERVING_BODY_INVALID */
  read(request: InferenceRequest): (unit: ServingUnit | undefined) => Promise<{
    readonly tensors: readonly Tensor[];
    /** The first that answered in place of the model. */
    readonly fallback: string | null;
  }>;
}

export interface InferenceOptions {
  readonly usecase: Pick<UseCase, 'model'>;
  readonly inferring: Inferring;
  readonly slot: UnitSlot;
  readonly guard: Guard;
  readonly ready: () => Promise<boolean>;
}

/** What a path may name; a version is the registry's number. */
const path = { model: Type.String({ maxLength: 128 }), version: Type.Optional(Type.String({ maxLength: 16 })) };
const params = Type.Object(path);
const metadataTensor = Type.Unsafe<TensorMetadata>(
  Type.Object({ name: Type.String(), datatype: Type.String(), shape: Type.Array(Type.Integer()) }),
);
const modelMetadata = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String(),
  inputs: Type.Array(metadataTensor),
  outputs: Type.Array(metadataTensor),
});
const serverMetadata = Type.Object({ name: Type.String(), version: Type.String(), extensions: Type.Array(Type.String()) });
const tags = ['inference'];

/**
 * The Open Inference Protocol, version 2, over REST (github.com/kserve/open-inference-protocol). Health is open, as
 * probes carry no token; metadata and inference need the scope `infer`. Faults carry `error` beside the problem fields.
 */
export function inferenceProtocol(app: Web, options: InferenceOptions): void {
  healthRoutes(app, options);
  const { usecase, slot, inferring } = options;

  /** The unit of the path, held; the caller releases it. */
  function held(model: string, version: string | undefined): Held | undefined {
    if (model !== usecase.model.name) {
      throw servingError('MR_SERVING_MODEL_UNKNOWN', 'there is no such model', { field: 'model', expected: usecase.model.name });
    }
    if (version === undefined) return slot.hold();
    const found = /^[1-9]\d{0,9}$/.test(version) ? slot.holdVersion(Number(version)) : undefined;
    if (found !== undefined) return found;
    const loaded = [slot.current(), slot.former()].flatMap((unit) => (unit === undefined ? [] : [unit.version]));
    throw servingError('MR_SERVING_VERSION_UNKNOWN', 'this version is not loaded', {
      field: 'version',
      expected: loaded.length === 0 ? 'a loaded version; there is none yet' : loaded.join(' or '),
    });
  }

  const guarded = { onRequest: options.guard('infer') };
  const security = [{ bearer: ['infer'] }];
  app.get(
    '/v2',
    {
      ...guarded,
      schema: { tags, security, summary: 'Server metadata', response: { 200: serverMetadata, ...problems(401, 403, 429) } },
    },
    async () => ({
      name: 'millrace',
      version: '2',
      extensions: [],
    }),
  );

  for (const at of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    const faults = problems(401, 403, 404, 429);
    app.get(
      at,
      { ...guarded, schema: { tags, security, summary: 'Model metadata', params, response: { 200: modelMetadata, ...faults } } },
      async (request) => {
        const { model, version } = request.params;
        held(model, version)?.release();
        const units = [slot.current(), slot.former()].flatMap((unit) => (unit === undefined ? [] : [String(unit.version)]));
        return {
          name: model,
          versions: units,
          platform: 'onnxruntime_onnx',
          inputs: [...inferring.inputs],
          outputs: [...inferring.outputs],
        };
      },
    );

    const infer = {
      body: inferring.request,
      response: { 200: inferring.response, ...problems(400, 401, 403, 404, 413, 415, 429, 503) },
    };
    app.post(
      `${at}/infer`,
      { ...guarded, schema: { tags, security, summary: inferring.summary, params, ...infer } },
      async (request, reply) => {
        const wanted = wantedOutputs(request.body, inferring.outputs);
        const ask = inferring.read(request.body);
        const unit = held(request.params.model, request.params.version);
        try {
          const { tensors, fallback } = await ask(unit?.unit);
          markFallback(reply, fallback);
          return {
            model_name: usecase.model.name,
            ...(unit !== undefined && { model_version: String(unit.unit.version), parameters: { unit_id: unit.unit.unitId } }),
            ...(request.body.id !== undefined && { id: request.body.id }),
            outputs: tensors.filter(({ name }) => wanted.includes(name)),
          };
        } finally {
          unit?.release();
        }
      },
    );
  }
}

/** The protocol's probes. */
function healthRoutes(app: Web, { usecase, slot, ready }: Pick<InferenceOptions, 'usecase' | 'slot' | 'ready'>): void {
  const readyAnswer = Type.Object({ name: Type.String(), ready: Type.Boolean() });
  const live = Type.Object({ live: Type.Boolean() });
  app.get('/v2/health/live', { schema: { tags, summary: 'Is the server alive', response: { 200: live } } }, async () => ({
    live: true,
  }));

  const serverReady = Type.Object({ live: Type.Boolean(), ready: Type.Boolean() });
  app.get(
    '/v2/health/ready',
    { schema: { tags, summary: 'Is the server ready', response: { 200: serverReady, 503: serverReady } } },
    async (_request, reply) => {
      const isReady = await ready();
      reply.code(isReady ? 200 : 503);
      return { live: true, ready: isReady };
    },
  );

  for (const at of ['/v2/models/:model/ready', '/v2/models/:model/versions/:version/ready']) {
    const response = { 200: readyAnswer, 404: readyAnswer, 503: readyAnswer };
    app.get(at, { schema: { tags, summary: 'Is the model loaded and warm', params, response } }, async (request, reply) => {
      const { model, version } = request.params;
      const loaded = [slot.current(), slot.former()].flatMap((unit) => (unit === undefined ? [] : [String(unit.version)]));
      const known = model === usecase.model.name;
      const isReady =
        known && (version === undefined ? slot.current() !== undefined : loaded.includes(version)) && (await ready());
      reply.code(isReady ? 200 : known ? 503 : 404);
      return { name: model, ready: isReady };
    });
  }
}
