/** Key prefix of a table in the lake's bucket, as the app writes it: `lake/<usecase>/<table>/`. */
export const tablePrefix = (table: string): string => `lake/${table.replace('.', '/')}/`;
