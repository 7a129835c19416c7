import { errorTable } from '../app/errors.ts';

export const { table, error } = errorTable({
  MR_PIPELINES_STEP_FAILED: {
    status: 500,
    title: 'A pipeline step failed',
    next: 'Read the cause; `npm start` goes on from the last finished step.',
  },
  MR_PIPELINES_STEP_TIMEOUT: {
    status: 504,
    title: 'A pipeline step ran out of time',
    next: "Raise the step's timeout, or give it less to do.",
  },
  MR_PIPELINES_UNKNOWN: {
    status: 404,
    title: 'There is no such pipeline or step',
    next: 'See pipelines/index.ts for the names.',
  },
});
