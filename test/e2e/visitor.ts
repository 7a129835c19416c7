import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { until } from './loop-process.ts';

export interface Answer {
  readonly unitId: string | null;
  readonly version: number | null;
  readonly items: readonly string[];
}

/** A visitor who asks a running loop for recommendations. */
export interface Asker {
  /** Fails for any answer but 200. */
  ask(): Promise<Answer>;
  /** Asks until this version answers. */
  answerOf(version: number, withinMs?: number): Promise<{ readonly unitId: string; readonly version: number }>;
  /** Asks without a pause between answer and question, until stopped. */
  keepAsking(): { stop(): Promise<{ readonly answers: readonly Answer[]; readonly failures: readonly string[] }> };
}

export async function askerOf(dataDir: string, url: string): Promise<Asker> {
  const keys = await openEmbeddedKeys(join(dataDir, 'keys'));
  const authorization = `Bearer ${await keys.secret('serving-token.recommend')}`;
  await keys.close();

  async function ask(): Promise<Answer> {
    const response = await fetch(`${url}/v1/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ user: 'a visitor of the test', k: 5 }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as Answer;
  }

  return {
    ask,
    answerOf: (version, withinMs) =>
      until(
        `version ${version} to answer`,
        async () => {
          const answer = await ask();
          return answer.version === version && answer.unitId !== null ? { unitId: answer.unitId, version } : undefined;
        },
        withinMs,
      ),
    keepAsking() {
      const answers: Answer[] = [];
      const failures: string[] = [];
      let stopped = false;
      const asking = (async () => {
        while (!stopped) {
          await ask().then(
            (answer) => answers.push(answer),
            (cause: unknown) => failures.push(String(cause)),
          );
          // Below the rate that the visitors of the loop leave over.
          await pause(20);
        }
      })();
      return {
        async stop() {
          stopped = true;
          await asking;
          return { answers, failures };
        },
      };
    },
  };
}
