import { readdir } from 'node:fs/promises';
import { checkUseCase } from './check.ts';
import { useCaseError } from './errors.ts';
import type { UseCase } from './usecase.ts';

/** Names of all use cases, ascending: the folders beside this file. */
export async function useCaseNames(): Promise<readonly string[]> {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Loads `app/usecases/<name>/usecase.ts`, whose one export of the same name is the definition. @throws MR_USECASE_UNKNOWN, MR_USECASE_NAME, MR_USECASE_SOURCE */
export async function loadUseCase(name: string): Promise<UseCase> {
  const folders = await useCaseNames();
  if (!folders.includes(name)) {
    throw useCaseError('MR_USECASE_UNKNOWN', `There is no use case '${name}'`, {
      field: '--usecase',
      value: name,
      expected: `one of ${folders.join(', ')}`,
    });
  }
  const module = (await import(`./${name}/usecase.ts`)) as Readonly<Record<string, UseCase>>;
  const usecase = module[name];
  if (usecase === undefined) {
    throw useCaseError('MR_USECASE_UNKNOWN', `app/usecases/${name}/usecase.ts has no export '${name}'`, {
      field: 'export',
      value: name,
      expected: 'the use case definition',
    });
  }
  if (usecase.name !== name) {
    throw useCaseError('MR_USECASE_NAME', `app/usecases/${name}/usecase.ts is named '${usecase.name}'`, {
      field: 'name',
      value: usecase.name,
      expected: name,
    });
  }
  checkUseCase(usecase);
  return usecase;
}
