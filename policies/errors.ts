import { errorTable } from '../app/errors.ts';

export const { error: policyError } = errorTable({
  MR_POLICIES_WAIVER_INVALID: {
    status: 400,
    title: 'A waiver is not complete',
    next: 'Mend the entry in policies/waivers.json: rule, resource, owner, reason and expires (YYYY-MM-DD) are all required.',
  },
  MR_POLICIES_SETTINGS_INVALID: {
    status: 400,
    title: 'The settings of the policies are not as declared',
    next: 'Mend millrace:policies of the stack config; policies/settings.ts lists the keys and their defaults.',
  },
  MR_POLICIES_ENVIRONMENT_UNKNOWN: {
    status: 400,
    title: 'The stack is no environment that the policies know',
    next: 'Name the stack dev, staging or prod.',
  },
});
