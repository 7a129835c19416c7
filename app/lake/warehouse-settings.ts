import { needed, type Settings } from '../settings.ts';
import { tablePrefix } from './table-name.ts';
import type { TrinoOptions } from './trino.ts';
import { CATALOG, REGISTRAR } from './warehouse-names.ts';

/** The warehouse that the settings name, and where it finds a table. @throws MR_SETTINGS_INVALID where something is left out */
export function warehouseOf(settings: Settings): {
  readonly trino: TrinoOptions;
  readonly locationOf: (table: string) => string;
} {
  const at = needed(settings, 'MILLRACE_WAREHOUSE_URL', [
    'MILLRACE_WAREHOUSE_URL',
    'MILLRACE_WAREHOUSE_KEY_FILE',
    'MILLRACE_OBJECTS_BUCKET',
  ]);
  const { MILLRACE_WAREHOUSE_CA_FILE: caFile } = settings;
  return {
    trino: {
      url: at.MILLRACE_WAREHOUSE_URL,
      keyFile: at.MILLRACE_WAREHOUSE_KEY_FILE,
      user: REGISTRAR,
      catalog: CATALOG,
      ...(caFile !== undefined && { caFile }),
    },
    locationOf: (table) => `s3://${at.MILLRACE_OBJECTS_BUCKET}/${tablePrefix(table)}`,
  };
}
