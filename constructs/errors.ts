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
  MR_STACK_ENGINE: {
    status: 502,
    title: 'The engine did not do it',
    next: 'Read what it says above; `npx millrace doctor <environment>` checks the rest.',
  },
  MR_STACK_NO_ENGINE: {
    status: 503,
    title: 'The Pulumi CLI is missing',
    next: 'Run `npx millrace doctor`: it prints the command that gets it.',
  },
  MR_STACK_ACT: {
    status: 400,
    title: 'This is no act of people on a cluster',
    next: 'docs/operations.md lists them, each with its command.',
  },
  MR_STACK_ACT_REFUSED: {
    status: 409,
    title: 'The cluster does not let the act begin',
    next: 'Read what it says: an environment that is not up has no template to begin from, and beginning one needs the right to create Jobs (for an erasure Secrets too) in that namespace.',
  },
  MR_STACK_ACT_LOST: {
    status: 502,
    title: 'The act ended without its pod saying how',
    next: 'See `kubectl describe job` of the named run, and the log of acts: each act is in it or did not happen. It is safe to ask again.',
  },
  MR_STACK_OPERATORS: {
    status: 404,
    title: 'The manifests of the operators are not there',
    next: 'Name their folder in millrace:operators.folder, or set millrace:operators.from to helm or present.',
  },
  MR_STACK_KUBECONFIG: {
    status: 400,
    title: 'There is no kubeconfig to work with',
    next: 'Set KUBECONFIG to the path of a kubeconfig; `kubectl config view` with it shows whether it is whole.',
  },
  MR_STACK_CONTEXT: {
    status: 409,
    title: 'The kubeconfig is on a wrong context',
    next: 'Choose one of `kubectl config get-contexts` by `kubectl config use-context NAME`.',
  },
  MR_STACK_UNREACHABLE: {
    status: 503,
    title: 'The cluster does not answer',
    next: 'See whether `kubectl version` answers: the cluster may be down, or its network closed to this machine.',
  },
  MR_STACK_CREDENTIALS: {
    status: 401,
    title: 'The cluster does not know you',
    next: 'Sign in to the cluster again, so that the kubeconfig holds a fresh credential.',
  },
  MR_STACK_FORBIDDEN: {
    status: 403,
    title: 'You may not stand up this environment',
    next: 'Ask the administrator of the cluster for these rights, or take a context whose user has them.',
  },
  MR_STACK_KINDS: {
    status: 424,
    title: 'The cluster lacks kinds that this environment writes',
    next: 'Install the operators, or set millrace:operators.from to helm or to manifests with their folder.',
  },
  MR_STACK_QUOTA: {
    status: 409,
    title: 'The cluster has too little room for the plan',
    next: 'Raise the quota, add nodes, or plan less load in stacks/Pulumi.<env>.yaml; `millrace plan` shows what takes how much.',
  },
  MR_STACK_FOUNDATION: {
    status: 424,
    title: 'The foundation that this environment names cannot carry it',
    next: 'Stand it up by `millrace stack up <environment> --foundation`, or correct millrace:foundation.stack.',
  },
  MR_STACK_DATABASE: {
    status: 424,
    title: 'A use case follows a database that this environment does not have',
    next: 'Name it in stacks/Pulumi.<env>.yaml under millrace:changeCapture.databases, or take the source out of the definition.',
  },
  MR_STACK_COLLISION: {
    status: 409,
    title: 'Two objects of this environment want one place',
    next: 'Rename a use case, an event or a source: objects are named after them; or give a container another port.',
  },
  MR_STACK_USECASES: {
    status: 409,
    title: 'The use cases do not go together',
    next: 'Give each folder of app/usecases/ a name of its own.',
  },
});
