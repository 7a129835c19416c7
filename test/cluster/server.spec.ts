import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { freePorts, lastWords, startServer } from './server.ts';
import { until } from './until.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-server-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const runs = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  test(`a server ends with the test that started it, on ${signal} too`, async () => {
    const program = `import { startServer } from ${JSON.stringify(join(import.meta.dirname, 'server.ts'))};
      console.log(startServer('sleep', 'sleep', ['300'], ${JSON.stringify(join(dir, 'sleep.log'))}).pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await createInterface({ input: parent.stdout })
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [value]);
    const pid = Number(line);
    assert.ok(runs(pid), 'the server was started');
    parent.kill(signal);
    await until('the server has ended', () => !runs(pid), { timeoutMs: 20_000 });
  });
}

test('a program that is not there, or ends at once, says so', async () => {
  const absent = startServer('absent', join(dir, 'no-such-program'), [], join(dir, 'absent.log'));
  assert.match(await until('it ended', () => absent.ended()), /ENOENT/);
  const brief = startServer('brief', 'sh', ['-c', 'echo out of luck; exit 3'], join(dir, 'brief.log'));
  assert.equal(await until('it ended', () => brief.ended()), 'code 3');
  assert.equal(lastWords(brief), 'out of luck');
});

test('a server that ignores the request to end is made to', async () => {
  const deaf = startServer('deaf', 'sh', ['-c', "trap '' TERM; echo up; while :; do sleep 0.2; done"], join(dir, 'deaf.log'));
  await until('it is up', () => lastWords(deaf) === 'up');
  await deaf.stop(300);
  assert.equal(deaf.ended(), 'SIGKILL');
  assert.equal(runs(deaf.pid), false);
});

test('free ports are all different', async () => {
  const ports = await freePorts(20);
  assert.equal(new Set(ports).size, 20);
});
