import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectStore } from '../lake/object-store/port.ts';
import type { UseCase } from '../usecases/usecase.ts';

type Named = Pick<UseCase, 'name'>;

/** Where the erasures of a use case leave their reports. */
export const erasurePrefix = ({ name }: Named): string => `erasures/${name}/`;

/** Where they leave a mark from before the key goes until the report is written: of these alone anything is ever deleted. */
export const startedPrefix = (usecase: Named): string => `${erasurePrefix(usecase)}started/`;

export const reportKey = (usecase: Named, pseudonym: string): string => `${erasurePrefix(usecase)}${pseudonym}.json`;

export const startedKey = (usecase: Named, pseudonym: string): string => `${startedPrefix(usecase)}${pseudonym}.json`;

const MARK = '.started.json';

/** Moves what a data folder of before holds under `erasures/` to the object store, once; safe to be killed and run again. */
export async function moveErasures(dataDir: string, usecase: Named, objects: ObjectStore): Promise<void> {
  const folder = join(dataDir, 'erasures');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
    const path = join(folder, name);
    const key = name.endsWith(MARK) ? startedKey(usecase, name.slice(0, -MARK.length)) : `${erasurePrefix(usecase)}${name}`;
    await objects.putIfAbsent(key, readFileSync(path));
    rmSync(path);
  }
  rmSync(folder, { recursive: true });
}
