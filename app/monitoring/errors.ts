import { errorTable } from '../errors.ts';

export const { table, error } = errorTable({
  MR_MONITORING_PORT_TAKEN: {
    status: 409,
    title: 'The page has no port',
    next: 'Stop what listens there, or choose another with --port.',
  },
  MR_MONITORING_PROFILE_MISSING: {
    status: 404,
    title: 'The release has no reference profile',
    next: 'Train again: `millrace training run`.',
  },
});
