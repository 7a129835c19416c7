import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errorTable, type MillraceError } from '../app/errors.ts';

const errors = errorTable({
  MR_CLI_COMMAND_UNAVAILABLE: {
    status: 501,
    title: 'This command is not part of the image',
    next: 'Run it in a checkout of the repository, after npm ci.',
  },
});

/** What a missing module means in an image, which leaves out all that only describes a cluster; undefined elsewhere. */
export function unavailable(cause: unknown, words: readonly string[]): MillraceError | undefined {
  const isMissing = (cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_MODULE_NOT_FOUND';
  if (!isMissing || existsSync(join(import.meta.dirname, '../constructs'))) return undefined;
  return errors.error('MR_CLI_COMMAND_UNAVAILABLE', 'this command describes a cluster, and the image only runs on one', {
    field: 'command',
    value: words.join(' '),
    expected: 'start, or what a workload runs',
    cause,
  });
}
