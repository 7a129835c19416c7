import { errorTable } from '../app/errors.ts';

export const { error: stackError } = errorTable({
  MR_STACK_DIALS: {
    status: 400,
    title: 'The dials of this environment are wrong',
    next: 'Correct the named keys in stacks/Pulumi.<env>.yaml; docs/dials.md lists all of them.',
  },
  MR_STACK_UNKNOWN: {
    status: 404,
    title: 'There is no such environment',
    next: 'Name one that has a file stacks/Pulumi.<env>.yaml.',
  },
  MR_STACK_USECASES: {
    status: 409,
    title: 'The use cases do not go together',
    next: 'Give each folder of app/usecases/ a name of its own.',
  },
});
