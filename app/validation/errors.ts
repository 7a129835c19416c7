import { errorTable } from '../errors.ts';

export const { error: validationError } = errorTable({
  MR_VALIDATION_PROFILE_MISSING: {
    status: 404,
    title: 'No reference profile is stored for this event',
    next: 'Run `millrace validation profile rebuild` once the lake holds rows of it.',
  },
  MR_VALIDATION_PROFILE_BROKEN: {
    status: 500,
    title: 'The stored reference profile cannot be read',
    next: 'Run `millrace validation profile rebuild`; it replaces the stored one.',
  },
  MR_VALIDATION_PROFILE_EMPTY: {
    status: 409,
    title: 'A reference profile needs rows',
    next: 'Ingest events first, e.g. by `npm start -- --once`, then rebuild the profile.',
  },
  MR_VALIDATION_EVENT_UNKNOWN: {
    status: 404,
    title: 'The use case has no such event',
    next: 'Name one of its events by `--event`.',
  },
  MR_VALIDATION_ROWS_INVALID: {
    status: 400,
    title: 'The number of rows is no number',
    next: 'Give a whole number, e.g. `--rows 50000`.',
  },
  MR_VALIDATION_FILE_UNREADABLE: {
    status: 400,
    title: 'The file to check cannot be read',
    next: 'Give the path of a JSON lines file, one event a line.',
  },
});
