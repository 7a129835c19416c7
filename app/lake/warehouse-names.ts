/** The lake as the warehouse calls it: a table is `lake.<use case>.<table>`. */
export const CATALOG = 'lake';

/** The one user of the warehouse that makes tables known. */
export const REGISTRAR = 'millrace-tables';
