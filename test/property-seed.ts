import fc from 'fast-check';

/**
 * Loaded before each test file: properties draw the same cases on every run, so one commit has one verdict.
 * `MILLRACE_SEED=random npm test` looks further; a failure prints the seed that repeats it.
 */
const wanted = process.env.MILLRACE_SEED ?? '7';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
