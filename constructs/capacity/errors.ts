import { errorTable } from '../../app/errors.ts';

export const capacity = errorTable({
  MR_CAPACITY_LOAD_INVALID: {
    status: 400,
    title: 'A load cannot be planned for',
    next: 'Correct the dials of the stack, or the flags of `millrace plan`; `millrace plan --help` lists them.',
  },
});
