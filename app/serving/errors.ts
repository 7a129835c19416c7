import { errorTable } from '../errors.ts';

/** Faults of the serving layer: what a caller of the API or an operator of the server can cause. */
export const { error: servingError } = errorTable({
  MR_SERVING_BODY_INVALID: { status: 400, title: 'The request does not fit the schema', next: 'compare the body with /docs' },
  MR_SERVING_TOKEN_MISSING: { status: 401, title: 'A bearer token is required', next: "send 'Authorization: Bearer <token>'" },
  MR_SERVING_TOKEN_UNKNOWN: {
    status: 401,
    title: 'The bearer token is not known',
    next: 'read the token of this data folder anew',
  },
  MR_SERVING_SCOPE_MISSING: {
    status: 403,
    title: 'The token lacks the scope',
    next: 'use a token of the scope named in the detail',
  },
  MR_SERVING_ROUTE_UNKNOWN: { status: 404, title: 'There is no such route', next: 'see /docs for the routes' },
  MR_SERVING_MODEL_UNKNOWN: { status: 404, title: 'There is no such model', next: 'GET /v2 names the server, /docs the model' },
  MR_SERVING_VERSION_UNKNOWN: {
    status: 404,
    title: 'This version is not loaded',
    next: 'GET /v2/models/<model> lists the loaded versions',
  },
  MR_SERVING_REQUEST_UNKNOWN: {
    status: 404,
    title: 'No prediction with this request id is in the lake',
    next: 'wait some seconds if it is fresh, since the lake sink commits in batches; else check the id',
  },
  MR_SERVING_METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The route exists, but not with this method',
    next: 'use a method of the Allow header',
  },
  MR_SERVING_BODY_TOO_LARGE: { status: 413, title: 'The request body is too large', next: 'split the request' },
  MR_SERVING_MEDIA_TYPE: { status: 415, title: 'The body must be JSON', next: "send 'Content-Type: application/json'" },
  MR_SERVING_RATE_LIMITED: {
    status: 429,
    title: 'The token has used up its rate',
    next: 'wait for the seconds in the Retry-After header',
  },
  MR_SERVING_INTERNAL: { status: 500, title: 'The server failed', next: 'look for the request id in the log' },
  MR_SERVING_CLOSING: { status: 503, title: 'The server is shutting down', next: 'try another replica' },
  MR_SERVING_PORT_TAKEN: { status: 409, title: 'The port is in use', next: 'choose another with --port, or 0 for a free one' },
  MR_SERVING_UNIT_UNFIT: {
    status: 409,
    title: 'The release was made for another definition',
    next: 'train a release with this definition',
  },
  MR_SERVING_UNIT_BROKEN: { status: 409, title: 'The release does not answer', next: 'millrace registry rollback' },
  MR_SERVING_LOG_STUCK: {
    status: 500,
    title: 'Predictions could not be written to the event log',
    next: 'check the disk of the data folder',
  },
  MR_SERVING_PREDICTION_BROKEN: {
    status: 500,
    title: 'A prediction row of the lake cannot be read',
    next: 'millrace lake history',
  },
});
