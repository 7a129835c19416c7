import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { trainingError } from '../errors.ts';
import type { ModelInputs } from '../query.ts';
import { openSession } from '../recommender.ts';
import { encode } from './columns.ts';
import { type ClassifierModel, decodeClassifier, probabilityOf } from './model-file.ts';

/** A release's classifier, open for answering. */
export interface Classifier {
  /** `view.feature` and `event.field` that the model reads. */
  readonly inputs: readonly string[];
  /** Numbers that one case is encoded as. */
  readonly width: number;
  /** Calibrated probability of the class looked for, by the graph. */
  score(inputs: ModelInputs): Promise<number>;
  /** The same for cases already encoded, row-major. */
  scoreRows(x: Float32Array): Promise<Float64Array>;
  close(): Promise<void>;
}

/**
 * Opens a release's model for answering. One thread a session: the server's requests are the parallelism.
 * @throws MR_TRAINING_MODEL_BROKEN where either file cannot be used or they do not fit each other
 */
export async function openClassifier(files: { readonly onnx: Buffer; readonly modelJson: Buffer }): Promise<Classifier> {
  const { columns } = decodeClassifier(files.modelJson);
  const session = await openSession(files.onnx);
  const scoreRows = (x: Float32Array) => runClassifier(session, x, columns.length);
  try {
    await scoreRows(new Float32Array(columns.length));
  } catch (cause) {
    await session.release();
    throw trainingError('MR_TRAINING_MODEL_BROKEN', `model.onnx does not read ${columns.length} columns`, {
      field: 'model.onnx',
      cause,
    });
  }
  return {
    inputs: [...new Set(columns.map(({ input }) => input))],
    width: columns.length,
    score: async (inputs) => (await scoreRows(encode(columns, inputs)))[0] as number,
    scoreRows,
    close: () => session.release(),
  };
}

async function runClassifier(session: InferenceSession, x: Float32Array, width: number): Promise<Float64Array> {
  const outputs = await session.run({ columns: new Tensor('float32', x, [x.length / width, width]) });
  return Float64Array.from(outputs.probability?.data as Float32Array);
}

/** The same answers by the plain calculation. */
export function plainScores(model: ClassifierModel, x: Float32Array): Float64Array {
  const width = model.columns.length;
  return Float64Array.from({ length: x.length / width }, (_, row) =>
    probabilityOf(model, x.subarray(row * width, (row + 1) * width)),
  );
}
