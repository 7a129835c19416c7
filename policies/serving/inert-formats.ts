import { MODEL, MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import { list } from '../amounts.ts';
import { type ContainerView, containersIn, serving, word, wordPath } from '../read.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { servedUnits } from '../served-unit.ts';
import { violation } from '../violation.ts';

const INERT = ['onnx', 'safetensors'];
/** Files whose reading may run code, and the archives they come in. */
const LIVE = /\.(pkl|pickle|pt|pth|ckpt|joblib|dill|h5|hdf5|keras|mar|npy|npz|bin|sav)\b/i;
/** Servers whose purpose is to load such files. */
const LOADERS = /(torchserve|pytorch-serve|sklearnserver|mlserver|bentoml|xgbserver|lgbserver|paddleserver)/i;
const RELEASED = /\.(onnx|safetensors|json|md)$/;

export const inertFormats: StackRule = {
  id: 'M05',
  name: 'serving-inert-formats',
  layer: 'serving',
  severity: 'mandatory',
  title: 'Serving accepts ONNX or safetensors, never pickle formats',
  control: ['OWASP ML06', 'ATLAS AML.T0011'],
  reason: 'A pickled model runs code on load.',
  remediation: 'Export the model to ONNX.',
  kinds: ['kubernetes:apps/v1:Deployment'],
  checkStack: (resources, context) => [
    ...serving(resources).flatMap((deployment) => [
      ...declared(deployment),
      ...containersIn(deployment).flatMap((of) => live(deployment, of)),
    ]),
    ...released(resources, context),
  ],
};

function declared(deployment: Resource): readonly Violation[] {
  const text = word(deployment, MODEL.modelFormats);
  const formats = list(text);
  const fault = (property: string, found: unknown, expected: string) => [
    violation(inertFormats, deployment, { property, found, expected }),
  ];
  if (formats.length === 0 || !formats.every((format) => INERT.includes(format)))
    return fault(wordPath(deployment, MODEL.modelFormats), text, INERT.join(', '));
  const name = MODEL_ENVIRONMENT.modelFormats;
  const set = containersIn(deployment).filter(({ env }) => name in env);
  if (set.length > 0 && set.every(({ env }) => env[name] === text)) return [];
  return fault(
    set[0] === undefined ? '' : `${set[0].path}.env`,
    set[0]?.env[name],
    `${name} with the text of the annotation, ${text}`,
  );
}

/** Nothing of the container speaks of a file that may run code. */
function live(deployment: Resource, { path, image, env, words }: ContainerView): readonly Violation[] {
  const said: readonly (readonly [string, string])[] = [
    ...words.map((text) => ['args', text] as const),
    ...Object.values(env).flatMap((value) => (typeof value === 'string' ? [['env', value] as const] : [])),
  ];
  const files = said.filter(([, text]) => LIVE.test(text));
  const loads = typeof image === 'string' && LOADERS.test(image) ? [['image', image] as const] : [];
  return [...files, ...loads].map(([member, found]) =>
    violation(inertFormats, deployment, {
      property: `${path}.${member}`,
      found,
      expected: `a model in a format of ${INERT.join(', ')}`,
    }),
  );
}

const released = (resources: readonly Resource[], context: Context): readonly Violation[] =>
  servedUnits(resources, context).flatMap(({ deployment, unit, property }) =>
    Object.keys(unit.files)
      .filter((file) => !RELEASED.test(file))
      .map((found) =>
        violation(inertFormats, deployment, { property, found, expected: `files of ${INERT.join(', ')} and text only` }),
      ),
  );
