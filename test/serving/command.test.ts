import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import type { Ports, Runtime } from '../../app/runtime.ts';
import type { Explanation } from '../../app/serving/explanation.ts';
import type { CommandContext } from '../../bin/command.ts';
import { servingCommands } from '../../bin/commands/serving.ts';
import { openFixture } from './fixture.ts';

test('millrace serving explain prints the explanation, and says which id is not known', async () => {
  const fixture = await openFixture();
  try {
    await fixture.click('user-1', ['item-03']);
    await fixture.promote(await fixture.release(1));
    const serving = await fixture.start();
    const { json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 3 });
    await serving.logged();
    await fixture.sink();

    const answers: { value: Explanation; human: string }[] = [];
    const ports: Partial<Ports> = fixture;
    const runtime = { clock: fixture.clock, use: async (name: keyof Ports) => ports[name] } as unknown as Runtime;
    const context = {
      options: () => ({}),
      open: async () => runtime,
      usecase: async () => fixture.usecase,
      answer: (value: unknown, human: string) => void answers.push({ value: value as Explanation, human }),
    } as unknown as CommandContext;
    const run = async (id: string) => {
      const program = new Command('millrace').exitOverride();
      servingCommands(program, context);
      await program.parseAsync(['serving', 'explain', id], { from: 'user' });
    };
    await run(String(json['requestId']));
    assert.deepEqual([answers[0]?.value.status, answers[0]?.value.requestId], ['explained', json['requestId']]);
    assert.match(answers[0]?.human ?? '', /Verified: the same 3 items again/);
    await assert.rejects(run('01234567-89ab-7cde-8f01-23456789abcd'), { code: 'MR_SERVING_REQUEST_UNKNOWN' });
  } finally {
    await fixture.close();
  }
});
