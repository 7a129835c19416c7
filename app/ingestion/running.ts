import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ingestionError } from './errors.ts';
import type { Intake, Receipt } from './intake.ts';
import type { ListedLetter, ReplayCount } from './replay.ts';
import type { IngestionStatus } from './status.ts';

const MAX_BATCH = 1000;
const MAX_BYTES = 900 * 1024;

/** Address of the collector of a running process, as it wrote it into its data folder; undefined where none runs. */
export async function runningCollector(dataDir: string): Promise<string | undefined> {
  try {
    const { collector, pid } = JSON.parse(await readFile(join(dataDir, 'running.json'), 'utf8')) as Record<string, unknown>;
    process.kill(Number(pid), 0);
    return typeof collector === 'string' ? collector : undefined;
  } catch {
    return undefined;
  }
}

/** The intake of another process, through its collector: the same promises, over HTTP. */
export function remoteIntake(options: { readonly url: string; readonly token: string }): Intake {
  async function ask(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const response = await fetch(new URL(path, options.url), {
      method,
      headers: {
        authorization: `Bearer ${options.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const answer = (await response.json()) as Readonly<Record<string, unknown>>;
    if (response.ok) return answer;
    throw ingestionError(
      'MR_INGESTION_API_REFUSED',
      `the running collector answered ${response.status}: ${String(answer.detail)}`,
      {
        field: 'collector',
        value: options.url,
        expected: 'status 200 or 202',
      },
    );
  }
  const query = (values: Readonly<Record<string, string>>) => new URLSearchParams(values).toString();

  return {
    async accept(event, raws, source) {
      const receipts: Receipt[] = [];
      const header = { 'x-millrace-source': source.replaceAll(/[^\w.:/-]/g, '_').slice(0, 200) };
      for (const events of batches(raws)) {
        const answer = await ask(
          'POST',
          '/v1/events',
          `{"event":${JSON.stringify(event)},"events":[${events.join(',')}]}`,
          header,
        );
        receipts.push(...(answer as { receipts: Receipt[] }).receipts);
      }
      return receipts;
    },
    letters: async (event, limit) =>
      ((await ask('GET', `/v1/dead?${query({ event, limit: String(limit) })}`)) as { letters: ListedLetter[] }).letters,
    replay: async (event) => (await ask('POST', `/v1/dead/replay?${query({ event })}`)) as ReplayCount,
    status: async () => (await ask('GET', '/v1/status')) as IngestionStatus,
    close: async () => undefined,
  };
}

/** Events as JSON in batches that one request may hold. */
function* batches(raws: readonly unknown[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const raw of raws) {
    const text = JSON.stringify(raw) ?? 'null';
    const size = Buffer.byteLength(text) + 1;
    if (batch.length === MAX_BATCH || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(text);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
