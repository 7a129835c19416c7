import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadUseCase, useCaseNames } from '../app/usecases/load.ts';
import type { UseCase } from '../app/usecases/usecase.ts';
import { type Dials, parseDials } from './dials.ts';
import { stackError } from './errors.ts';

const FOLDER = join(import.meta.dirname, '../stacks');
const FILE = /^Pulumi\.([a-z][a-z0-9-]*)\.yaml$/;
const OURS = 'millrace:';

/** Every environment that has a file of dials. */
export async function environments(): Promise<readonly string[]> {
  const files = await readdir(FOLDER);
  return files.flatMap((file) => FILE.exec(file)?.[1] ?? []).sort();
}

/** The dials of an environment, from its file; what a preview reads through the engine. @throws MR_STACK_UNKNOWN, MR_STACK_DIALS */
export async function readDials(environment: string): Promise<Dials> {
  const known = await environments();
  if (!known.includes(environment)) {
    throw stackError('MR_STACK_UNKNOWN', `There is no environment '${environment}'`, {
      field: 'environment',
      value: environment,
      expected: `one of ${known.join(', ')}`,
    });
  }
  return dialsIn(environment, await readFile(join(FOLDER, `Pulumi.${environment}.yaml`), 'utf8'));
}

/** The dials in the text of an environment's file. @throws MR_STACK_DIALS */
export function dialsIn(environment: string, text: string): Dials {
  const { config = {} } = parse(text) as { config?: Record<string, unknown> };
  return parseDials(environment, `stacks/Pulumi.${environment}.yaml`, ownKeys(Object.entries(config)));
}

/** The dials as the engine hands them to a program: each value as text, objects as JSON. */
export function dialsOf(environment: string, config: Readonly<Record<string, string>>): Dials {
  const entries = Object.entries(config).map(([key, text]) => [key, fromText(text)] as const);
  return parseDials(environment, `stacks/Pulumi.${environment}.yaml`, ownKeys(entries));
}

const ownKeys = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> =>
  Object.fromEntries(entries.flatMap(([key, value]) => (key.startsWith(OURS) ? [[key.slice(OURS.length), value]] : [])));

function fromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The definitions of every folder of app/usecases/. */
export const loadUseCases = async (): Promise<readonly UseCase[]> => Promise.all((await useCaseNames()).map(loadUseCase));
