import { errorTable } from '../app/errors.ts';

export const { error: pipelineError } = errorTable({
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
  MR_PIPELINES_GATE_REFUSED: {
    status: 409,
    title: 'The gate refused the release',
    next: 'See its evidence: `npx millrace delivery verdicts`.',
  },
  MR_PIPELINES_LOOP_STUCK: {
    status: 504,
    title: 'The loop waited in vain',
    next: 'Run again with MILLRACE_LOG=debug and read the log.',
  },
  MR_PIPELINES_SOURCE_CHANGED: {
    status: 409,
    title: 'The data folder belongs to another stream',
    next: 'Give the new stream a folder of its own: --data DIR.',
  },
  MR_PIPELINES_PORT_TAKEN: { status: 409, title: 'The port is taken', next: 'Name a free one with --port, or 0 for any.' },
  MR_PIPELINES_ROUTE: { status: 404, title: 'There is no such route', next: 'Ask for one of those named.' },
  MR_PIPELINES_TOKEN: {
    status: 401,
    title: 'The token is missing or not valid',
    next: 'Bring the registry token as a bearer token.',
  },
  MR_PIPELINES_NOT_REGISTERED: { status: 404, title: 'There is no such model', next: 'Ask for /v1/models.' },
  MR_PIPELINES_VERSION_INVALID: { status: 422, title: 'This is no version', next: 'Ask for the versions of the model.' },
  MR_PIPELINES_WORKLOAD_FAILED: { status: 500, title: 'The workload failed', next: 'Read its log.' },
  MR_PIPELINES_CONTROL_PLANE: {
    status: 502,
    title: 'The API server does not do what was asked',
    next: 'Read what it answered: the account needs the right, the pod the way there.',
  },
  MR_PIPELINES_UNKNOWN: {
    status: 404,
    title: 'There is no such pipeline or step',
    next: 'See pipelines/index.ts for the names.',
  },
});
