import { errorTable } from '../errors.ts';

export const { error: featureError } = errorTable({
  MR_FEATURES_VIEW_INVALID: {
    status: 500,
    title: 'A feature view cannot be computed as it is defined',
    next: 'Correct the view in app/usecases/<name>/features.ts and run npm run types.',
  },
  MR_FEATURES_VIEW_UNKNOWN: { status: 404, title: 'No such feature view', next: 'List the views: millrace features list' },
  MR_FEATURES_MOMENT_SETTLED: {
    status: 409,
    title: 'The moment is before what the online row still holds',
    next: 'Read past moments from the lake: millrace features verify, or historicalFeatures().',
  },
  MR_FEATURES_PARTITION_MOVED: {
    status: 500,
    title: 'Events of one entity came from two partitions',
    next: 'Keep the number of partitions of a topic, or fill the view again under a new name.',
  },
  MR_FEATURES_ROW_CORRUPT: {
    status: 500,
    title: 'An online row cannot be read',
    next: 'Fill the view again from the lake: millrace features materialize',
  },
  MR_FEATURES_KEY_INVALID: {
    status: 400,
    title: 'An entity key cannot be stored',
    next: 'Use a key of 1 to 1800 bytes of UTF-8.',
  },
  MR_FEATURES_NOT_A_NUMBER: {
    status: 500,
    title: 'A feature value is no number',
    next: 'Give the model a number, or read text and vectors by their own input.',
  },
  MR_FEATURES_ENTITY_MISSING: {
    status: 404,
    title: 'The entity has no online row',
    next: 'Check the key, and that the materializer has caught up: millrace features list',
  },
  MR_FEATURES_ONLINE_UNREACHABLE: {
    status: 503,
    title: 'The online store does not answer',
    next: 'Check that MILLRACE_ONLINE_HOST (or MILLRACE_ONLINE_SENTINEL) leads to a Valkey that runs, and that MILLRACE_ONLINE_CA_FILE holds who signed its certificate; then try again.',
  },
  MR_FEATURES_ONLINE_DENIED: {
    status: 500,
    title: 'The online store refuses this process',
    next: 'Check MILLRACE_ONLINE_USER and the file that MILLRACE_ONLINE_PASSWORD_FILE names, and what that user may do.',
  },
  MR_FEATURES_ONLINE_FULL: {
    status: 507,
    title: 'The online store has no memory left',
    next: 'Raise millrace:dailyUsers or the memory of the online store, or drop the rows of retired releases; nothing half was written.',
  },
  MR_FEATURES_OFFSETS_MOVED: {
    status: 503,
    title: 'The online store holds other offsets than this process wrote last',
    next: 'Nothing, where it happens once: a fail-over lost the last writes, or another replica has the partition now, and the materializer goes on from what is there. Where it goes on, look for a materializer that does not share the topic.',
  },
});
