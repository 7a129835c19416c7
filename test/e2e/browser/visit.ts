import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { pino } from 'pino';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type PageServer, startPageServer } from '../../../app/monitoring/page/server.ts';
import type { PageState } from '../../../app/monitoring/page/state.ts';
import { servingError } from '../../../app/serving/errors.ts';
import { decided, explained } from '../../monitoring/page-explanation.ts';
import { REQUEST_IDS } from '../../monitoring/page-state.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser of MILLRACE_CHROMIUM, or the one on PATH. */
function chromiumPath(): string {
  const named = process.env.MILLRACE_CHROMIUM;
  if (named !== undefined && existsSync(named)) return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // The next name, then.
    }
  }
  throw new Error('The browser test needs Chromium: run `scripts/chromium`, or name its binary in MILLRACE_CHROMIUM.');
}

/** @throws where there is no Chromium, saying what to run. */
export const launch = (): Promise<Browser> => chromium.launch({ executablePath: chromiumPath(), args: ARGS });

/** The page over a scripted loop; the second of its requests cannot be explained. */
export const serve = (state: () => PageState, port = 0): Promise<PageServer> =>
  startPageServer({
    state: async () => state(),
    explain: async (requestId) => {
      if (requestId !== REQUEST_IDS[1]) return state().kind === 'classifier' ? decided(requestId) : explained(requestId);
      throw servingError('MR_SERVING_REQUEST_UNKNOWN', `No answer has the request id '${requestId}'`, { field: 'requestId' });
    },
    metrics: async () => '',
    host: '127.0.0.1',
    port,
    logger: pino({ level: 'silent' }),
    everyMs: 100,
  });

/** Opens the page, walks through it, and holds it to: no error in the console but those of `errors`, no request to elsewhere. */
export async function visit(
  browser: Browser,
  options: BrowserContextOptions & { readonly url: string; readonly errors?: RegExp },
  walk: (page: Page) => Promise<void>,
): Promise<void> {
  const { url, errors, ...contextOptions } = options;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...contextOptions });
  const faults: string[] = [];
  const elsewhere: string[] = [];
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => faults.push(String(error.stack)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) elsewhere.push(request.url());
  });
  try {
    await page.goto(url);
    await page.locator('.loop-picture').waitFor();
    await walk(page);
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(
      faults.filter((fault) => errors === undefined || !errors.test(fault)),
      [],
    );
  } finally {
    await context.close();
  }
}
