import { errorTable } from '../errors.ts';

/** Faults of the gate. A model that is bad is no fault: that is a verdict. */
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
});
