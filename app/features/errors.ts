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
});
