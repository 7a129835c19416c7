import type { UnitSnapshot } from '../../app/registry/snapshot.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import { alteredIn } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { mainOf, model, registryWith, released, settingOf, unit } from '../model-samples.ts';
import type { Resource } from '../rule.ts';

const { modelFormats } = MODEL_ENVIRONMENT;
const SERVING = model.find(({ name }) => name === 'serving') as Resource;
const said = (annotation: string | undefined, setting: string | undefined) =>
  settingOf(
    alteredIn(model, 'serving', [['metadata', 'annotations', MODEL.modelFormats], annotation]),
    'serving',
    modelFormats,
    setting,
  );
const args = (...words: readonly string[]) => alteredIn(model, 'serving', [[...mainOf(SERVING), 'args'], words]);
const image = `registry.example.org/millrace/torchserve@sha256:${'a'.repeat(64)}`;
const files = (name: string): UnitSnapshot => ({
  ...unit,
  files: { ...unit.files, [name]: { sha256: '9'.repeat(64), bytes: 1 } },
});

export const fixtures: Fixtures = {
  passing: [
    { title: 'ONNX', resources: model },
    { title: 'ONNX or safetensors', resources: said('onnx,safetensors', 'onnx,safetensors') },
    { title: 'a release of ONNX', resources: released, registry: registryWith() },
  ],
  violating: [
    { title: 'pickle', resources: said('pickle', 'pickle') },
    { title: 'pickle beside ONNX', resources: said('onnx,pickle', 'onnx,pickle') },
    { title: 'no word of formats', resources: said(undefined, 'onnx') },
    { title: 'a container that is told another', resources: said('onnx', 'onnx,pickle') },
    { title: 'a container that is told nothing', resources: said('onnx', undefined) },
    { title: 'a file of weights that runs code', resources: args('serving', 'serve', '--model', '/models/retail.pkl') },
    { title: 'a checkpoint by setting', resources: settingOf(model, 'serving', 'MODEL_FILE', 's3://models/retail.pth') },
    { title: 'a server of such files', resources: alteredIn(model, 'serving', [[...mainOf(SERVING), 'image'], image]) },
    { title: 'a release with such a file', resources: released, registry: registryWith(files('encoder.joblib')) },
  ],
};
