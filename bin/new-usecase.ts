import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorTable } from '../app/errors.ts';
import type { Kind } from '../app/usecases/model.ts';
import { useCaseFiles } from './usecase-template.ts';

const errors = errorTable({
  MR_CLI_USECASE_NAME: {
    status: 400,
    title: 'A use case cannot have this name',
    next: 'Choose another: `millrace new usecase NAME --kind recommender|classifier`.',
  },
  MR_CLI_USECASE_EXISTS: {
    status: 409,
    title: 'There is a use case of this name',
    next: 'Choose another name, or change the definition that is there.',
  },
});

/** It names topics, tables, a folder, a Kubernetes label and an exported constant. */
const NAME = /^[a-z][a-z0-9]{1,23}$/;
/** Words that TypeScript or the lake's SQL engine keeps for itself, as far as they fit the pattern. */
const KEPT = new Set(
  (
    'as async await break case catch class const continue debugger default delete do else enum export extends false finally for ' +
    'from function get if implements import in instanceof interface let new null of package private protected public return set ' +
    'static super switch this throw true try type typeof undefined var void while with yield main temp system'
  ).split(' '),
);

/**
 * Writes a use case's definition and test, or nothing at all. Resolves to the paths from `root`.
 * @throws MR_CLI_USECASE_NAME, MR_CLI_USECASE_EXISTS
 */
export async function writeUseCase(options: {
  readonly root: string;
  readonly name: string;
  readonly kind: Kind;
}): Promise<readonly string[]> {
  const { root, name, kind } = options;
  if (!NAME.test(name) || KEPT.has(name)) {
    throw errors.error('MR_CLI_USECASE_NAME', `'${name}' cannot name a use case`, {
      field: 'name',
      value: name,
      expected: '2 to 24 lower-case letters and digits, a letter first, and no word that TypeScript or SQL keeps for itself',
    });
  }
  const files = useCaseFiles(name, kind);
  const folder = join('app/usecases', name);
  const shared = (await readdir(join(root, 'app/usecases'))).includes(`${name}.ts`) ? `app/usecases/${name}.ts` : undefined;
  const taken = shared ?? [folder, ...Object.keys(files)].find((path) => existsSync(join(root, path)));
  if (taken !== undefined) {
    throw errors.error('MR_CLI_USECASE_EXISTS', `${taken} is there already`, {
      field: 'name',
      value: name,
      expected: 'a name that no folder of app/usecases/ and no test of test/usecases/ has',
    });
  }
  const written: string[] = [];
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text, { flag: 'wx' });
      written.push(path);
    }
  } catch (cause) {
    for (const path of written) await rm(join(root, path));
    throw cause;
  }
  return written;
}
