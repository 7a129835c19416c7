import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Kind } from '../../app/usecases/model.ts';
import type { CommandContext } from '../command.ts';
import { writeUseCase } from '../new-usecase.ts';

/** `millrace new usecase NAME`: one definition and its test; the folder is all that makes it a use case. */
export function newCommands(program: Command, context: CommandContext): void {
  program
    .command('new')
    .description('Write a new use case')
    .command('usecase <name>')
    .description('write app/usecases/<name>/usecase.ts and its test; a made-up world from its fields lets it run at once')
    .addOption(
      new Option('--kind <kind>', 'what the model answers with').choices(['recommender', 'classifier']).makeOptionMandatory(),
    )
    .action(async (name: string, { kind }: { readonly kind: Kind }) => {
      const files = await writeUseCase({ root: join(import.meta.dirname, '../..'), name, kind });
      const next = `npm start -- --usecase ${name} --once --json`;
      context.answer({ name, kind, files, next }, [...files.map((file) => `wrote ${file}`), `next: ${next}`].join('\n'));
    });
}
