import { MillraceError } from '../errors.ts';
import { viewHash } from '../features/view-hash.ts';
import type { Registry } from '../registry/registry.ts';
import type { LoadedUnit } from '../registry/unit.ts';
import type { Version } from '../registry/version.ts';
import { schemaHash } from '../training/schema-hash.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { type Check, equal } from './check.ts';
import { auditOnnx } from './onnx-audit.ts';

const DIGEST = 'digest';
const SIGNATURE = 'signature';
const CARD = 'card';

export interface Integrity {
  readonly checks: readonly Check[];
  /** Undefined where the unit may not be opened at all. */
  readonly unit: LoadedUnit | undefined;
}

/** Whether the release is what was registered and fits the definition that runs. No model code runs before this holds. */
export async function checkIntegrity(
  registry: Pick<Registry, 'loadUnit'>,
  usecase: UseCase,
  version: Version,
): Promise<Integrity> {
  let unit: LoadedUnit;
  try {
    unit = await registry.loadUnit(version.unitId);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { checks: [refusedUnit(error)], unit: undefined };
  }
  const { 'model.onnx': onnx, 'card.md': card } = unit.files;
  return {
    unit,
    checks: [
      pass(DIGEST, version.unitId, 'every file has the digest of the manifest'),
      pass(SIGNATURE, version.signature.keyId, 'the signature over the manifest holds'),
      checkCard(card),
      equal('schema', version.manifest.schemaHash, schemaHash(usecase), 'the schema of the events'),
      checkViews(usecase, version),
      ...checkOnnx(onnx),
    ],
  };
}

const pass = (name: string, measured: string, reason: string): Check => ({ name, passed: true, measured, limit: null, reason });

function refusedUnit(error: MillraceError): Check {
  const missingCard = error.code === 'MR_REGISTRY_FILE_MISSING' && error.field === 'card.md';
  const name = missingCard ? CARD : error.code === 'MR_REGISTRY_SIGNATURE_INVALID' ? SIGNATURE : DIGEST;
  const measured = error.value === undefined ? (error.field ?? null) : String(error.value);
  return { name, passed: false, measured, limit: error.expected ?? null, reason: `${error.code}: ${error.message}` };
}

function checkCard(card: Buffer): Check {
  const words = card.toString('utf8').split(/\s+/).filter(Boolean).length;
  const passed = words >= 20;
  return { name: CARD, passed, measured: words, limit: 20, reason: `the model card has ${words} words` };
}

function checkViews(usecase: UseCase, { manifest }: Version): Check {
  const read = new Set(manifest.inputs.map((input) => input.split('.')[0] ?? ''));
  const stale = [...read].filter((name) => {
    const view = usecase.views.find((candidate) => candidate.name === name);
    // A field of the classified event is held by the schema's hash.
    if (usecase.kind === 'classifier' && name === usecase.model.label.event.name) return false;
    return view === undefined || manifest.featureViews[name] !== viewHash(view);
  });
  const inputs = manifest.inputs.join() === usecase.model.inputs.join();
  const passed = stale.length === 0 && inputs;
  const reason = passed
    ? 'the model reads the feature views as they are defined now'
    : stale.length > 0
      ? `defined otherwise since: ${stale.join(', ')}`
      : 'the model reads other inputs than the definition names';
  return { name: 'featureViews', passed, measured: manifest.inputs.join(', '), limit: usecase.model.inputs.join(', '), reason };
}

function checkOnnx(onnx: Buffer): readonly Check[] {
  try {
    const { faults, notFinite, operators } = auditOnnx(onnx);
    const limit = 'allowed operators, no data outside the file';
    const sound = faults.length === 0;
    const reason = sound ? 'only allowed operators, and all data inside' : faults.slice(0, 5).join('; ');
    return [
      { name: 'onnx', passed: sound, measured: operators.join(', '), limit, reason },
      {
        name: 'weights',
        passed: notFinite.length === 0,
        measured: notFinite.length,
        limit: 0,
        reason: notFinite.length === 0 ? 'every weight is finite' : `NaN or infinity in ${notFinite.slice(0, 5).join(', ')}`,
      },
    ];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const reason = `model.onnx cannot be read: ${error.message}`;
    return [{ name: 'onnx', passed: false, measured: null, limit: 'an ONNX model', reason }];
  }
}
