import { toNumber } from '../../features/model-input.ts';
import type { FeatureValue } from '../../features/value.ts';
import type { Feature, FeatureView } from '../../usecases/feature.ts';
import type { Field } from '../../usecases/field.ts';
import type { ClassifierUseCase } from '../../usecases/usecase.ts';
import { trainingError } from '../errors.ts';
import type { ModelInputs } from '../query.ts';

/** One number that the model reads: an input as it is, or whether it has one value of its set. */
export interface Column {
  /** `view.feature` or `event.field`. */
  readonly input: string;
  /** Read where the input is null or absent. */
  readonly fallback: number;
  /** The column is 1 where the input has this value; null for a number or a flag. */
  readonly is: string | null;
}

export interface ClassifierInputs {
  readonly columns: readonly Column[];
  /** Fields of the classified event that the model reads. */
  readonly fields: readonly string[];
  /** Windowed views of the event's subject: those that the model reads, and those that are only watched. */
  readonly windowed: readonly FeatureView[];
}

/** How the definition's inputs become columns. @throws MR_TRAINING_INPUTS naming the input that cannot be one */
export function classifierInputs(usecase: ClassifierUseCase): ClassifierInputs {
  const { event } = usecase.model.label;
  const fields: string[] = [];
  const columns = usecase.model.inputs.flatMap((input): readonly Column[] => {
    const [from = '', name = ''] = input.split('.');
    const view = usecase.views.find((candidate) => candidate.name === from);
    if (view?.kind === 'windowed' && name in view.features) return [featureColumn(usecase, input, view, name)];
    const field = from === event.name ? event.fields[name] : undefined;
    if (field === undefined || view !== undefined) throw unfit(usecase, input, 'a windowed feature, or a field of the event');
    fields.push(name);
    return fieldColumns(usecase, input, field);
  });
  const windowed = usecase.views.filter((view): view is FeatureView => view.kind === 'windowed');
  return { columns, fields, windowed: windowed.filter(({ entity }) => entity.joinKey === event.key) };
}

function featureColumn(usecase: ClassifierUseCase, input: string, view: FeatureView, name: string): Column {
  const { type, fallback } = view.features[name] as Feature;
  if (type !== 'long' && type !== 'double' && type !== 'boolean') throw unfit(usecase, input, 'a number or a flag');
  if (view.entity.joinKey !== usecase.model.label.event.key) throw unfit(usecase, input, "a feature of the event's subject");
  return { input, fallback, is: null };
}

function fieldColumns(usecase: ClassifierUseCase, input: string, field: Field): readonly Column[] {
  // A person's data would be in the clear in every logged prediction.
  if (field.class === 'pii') throw unfit(usecase, input, 'a field that is no personal data');
  if (field.values !== undefined) return field.values.map((is) => ({ input, fallback: 0, is }));
  if (field.type === 'long' || field.type === 'double' || field.type === 'boolean') return [{ input, fallback: 0, is: null }];
  throw unfit(usecase, input, 'a number, a flag or a finite set');
}

const unfit = (usecase: ClassifierUseCase, input: string, expected: string) =>
  trainingError('MR_TRAINING_INPUTS', `${usecase.model.name} cannot read ${input}`, {
    field: `${usecase.name}.model.inputs`,
    value: input,
    expected,
  });

/** The columns of one case, float32 as the graph reads them. @throws MR_FEATURES_NOT_A_NUMBER */
export function encode(columns: readonly Column[], inputs: ModelInputs): Float32Array {
  return Float32Array.from(columns, ({ input, fallback, is }) => {
    const value: FeatureValue = inputs.get(input) ?? null;
    if (is !== null) return value === is ? 1 : 0;
    return Math.min(FARTHEST, Math.max(-FARTHEST, toNumber({ type: 'double', fallback, expression: NOTHING }, value)));
  });
}

/** Beyond this a number says nothing more; float32 has room for sums of it. */
const FARTHEST = 1e30;

/** `toNumber` reads the fallback only. */
const NOTHING: Feature['expression'] = { op: 'count', field: undefined, n: undefined, where: [], over: '1s' };
