import { errorTable } from '../errors.ts';

/** Faults of the gate and of pinning. A model that is bad is no fault: that is a verdict. */
export const { error: deliveryError } = errorTable({
  MR_DELIVERY_OTHER_MODEL: {
    status: 422,
    title: 'The version belongs to another use case',
    next: 'Name the use case that made it with --usecase.',
  },
  MR_DELIVERY_NOTHING_TO_JUDGE: {
    status: 409,
    title: 'There is nothing to judge the version on',
    next: 'Take in more events and train again; see `millrace lake tables`.',
  },
  MR_DELIVERY_NOT_SERVABLE: {
    status: 409,
    title: 'A champion may not be pinned',
    next: 'Gate it in the image of the environment, approve and promote it, and take a new snapshot.',
  },
  MR_DELIVERY_NO_CHAMPION: {
    status: 409,
    title: 'There is nothing to pin',
    next: 'Promote a release first: `millrace registry list` shows what there is.',
  },
  MR_DELIVERY_NO_STABLE: {
    status: 409,
    title: 'A canary needs a release beside it',
    next: 'Pin the release without --canary.',
  },
  MR_DELIVERY_FILE_MISSING: {
    status: 404,
    title: 'A named file cannot be read',
    next: 'Name a file that is there.',
  },
  MR_DELIVERY_NO_KEY: {
    status: 422,
    title: 'Nothing says which key releases are signed with',
    next: 'Name the file that `millrace registry snapshot --verify-key` writes with --verify-key.',
  },
});
