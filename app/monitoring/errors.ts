import { errorTable } from '../errors.ts';

export const { error: monitoringError } = errorTable({
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
  MR_MONITORING_PAGE_FAILED: {
    status: 500,
    title: 'The page could not answer',
    next: 'Read the log beside the data: `millrace.log`.',
  },
  MR_MONITORING_ROUTE_UNKNOWN: {
    status: 404,
    title: 'There is no such route',
    next: 'Open the page at /.',
  },
  MR_MONITORING_HOST_REFUSED: {
    status: 421,
    title: 'The page is not served under this name',
    next: 'Open it by its own address, or start with --host.',
  },
});
