import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandContext } from '../../bin/context.ts';
import { unavailable } from '../../bin/unavailable.ts';
import { withFolder } from './front-door.ts';

test('on a cluster a command needs no data folder that someone made before: what lasts is in the stores', (t) =>
  withFolder(async (data) => {
    const code = async () => {
      const context = commandContext(() => ({ data, usecase: 'retail' }));
      try {
        await context.open();
        return undefined;
      } catch (error) {
        return (error as { readonly code: string }).code;
      } finally {
        await context.close();
      }
    };
    assert.equal(await code(), 'MR_CLI_DATA_MISSING');
    process.env['MILLRACE_GROUND'] = 'cluster';
    t.after(() => delete process.env['MILLRACE_GROUND']);
    assert.notEqual(await code(), 'MR_CLI_DATA_MISSING');
  }));

test('in a checkout a missing module is a fault, not a command that the image leaves out', () => {
  const cause = Object.assign(new Error('Cannot find module'), { code: 'ERR_MODULE_NOT_FOUND' });
  assert.equal(unavailable(cause, ['plan']), undefined);
});
