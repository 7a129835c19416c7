import type { Command } from 'commander';
import { openRegistry } from '../../app/registry/registry.ts';
import { explain } from '../../app/serving/explain.ts';
import { explanationText } from '../../app/serving/explain-text.ts';
import type { CommandContext } from '../command.ts';
import { untilTold } from '../until-told.ts';

/** `millrace serving …` */
export function servingCommands(program: Command, context: CommandContext): void {
  const serving = program.command('serving').description('Answers, and how they came about');
  untilTold(serving.command('serve').description('Answer requests, until told to stop'), context, async (place) =>
    (await import('../../pipelines/workloads/serving.ts')).startAnswering({ ...place, usecase: await context.usecase() }),
  );
  serving
    .command('explain <request-id>')
    .description('Show events, features and release behind an answer, and make it again')
    .action(async (requestId: string) => {
      const usecase = await context.usecase();
      const runtime = await context.open();
      const { clock } = runtime;
      const [lake, keys, audit, metadata, objects] = await Promise.all([
        runtime.use('lake'),
        runtime.use('keys'),
        runtime.use('audit'),
        runtime.use('metadata'),
        runtime.use('objects'),
      ]);
      const registry = openRegistry({ metadata, objects, keys, audit, clock });
      const explanation = await explain({ usecase, requestId, lake, registry, keys, audit, clock });
      context.answer(explanation, explanationText(explanation));
      if (explanation.status === 'explained' && !explanation.verified) process.exitCode = 1;
    });
}
