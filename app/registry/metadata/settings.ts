import type { Metadata } from './port.ts';

/** The named value, as text; undefined where none was saved. */
export async function readSetting({ db }: Metadata, name: string): Promise<string | undefined> {
  return (await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst())?.value;
}

/** Saves a named value in place of the one before, in one statement. */
export async function saveSetting({ db }: Metadata, name: string, value: string): Promise<void> {
  await db
    .insertInto('settings')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
