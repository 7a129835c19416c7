import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { LAYERS } from '../../../app/layers.ts';
import type { PageServer } from '../../../app/monitoring/page/server.ts';
import { busyState, decidingState, EMPTY_STATE, REQUEST_IDS } from '../../monitoring/page-state.ts';
import { launch, serve, visit as visitBy } from './visit.ts';

let browser: Browser;
let server: PageServer;
let second = 0;

before(async () => {
  browser = await launch();
  server = await serve(() => busyState(second++));
});

after(async () => {
  await browser?.close();
  await server?.close();
});

const visit = (
  options: BrowserContextOptions & { readonly url?: string; readonly errors?: RegExp },
  walk: (page: Page) => Promise<void>,
) => visitBy(browser, { url: server.url, ...options }, walk);

const background = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

/** How many different colours a canvas holds. */
const coloursOf = (page: Page, selector: string) =>
  page.locator(selector).evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
      data: new Uint8ClampedArray(),
    };
    return new Set(new Uint32Array(data.buffer).values()).size;
  });

test('every layer stands in the picture, and its numbers move', async () => {
  await visit({}, async (page) => {
    for (const layer of LAYERS) assert.ok(await page.locator(`[data-layer="${layer}"]`).isVisible(), layer);
    const value = page.locator('[data-layer="ingestion"] .value');
    const first = await value.textContent();
    await page.waitForFunction(
      (before) => document.querySelector('[data-layer="ingestion"] .value')?.textContent !== before,
      first,
    );
    assert.ok(await page.getByRole('status').getByText('live').isVisible());
  });
});

test('the theme follows the system, turns by the button, and stays after a reload', async () => {
  await visit({ colorScheme: 'light' }, async (page) => {
    const light = await background(page);
    await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
    const dark = await background(page);
    assert.notEqual(dark, light);
    await page.reload();
    await page.locator('.loop-picture').waitFor();
    assert.equal(await background(page), dark);
    assert.ok(await page.getByRole('button', { name: 'Switch to the light theme' }).isVisible());
  });
  await visit({ colorScheme: 'dark' }, async (page) => {
    assert.ok(await page.getByRole('button', { name: 'Switch to the light theme' }).isVisible());
  });
});

test('an answer is explained in a dialog, by keyboard too, and a fault of it is readable', async () => {
  await visit({ errors: /404 .*\/api\/explain\// }, async (page) => {
    const button = page.locator(`button[data-request="${REQUEST_IDS[0]}"]`);
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Why these items' });
    await dialog.getByText('Made again from the lake: the same answer.').waitFor();
    assert.equal(await dialog.locator('.ranking tbody tr').count(), 20);
    assert.ok(await dialog.getByText('user_activity.mean_price_1d').isVisible());
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.ok(await button.evaluate((element) => element === document.activeElement), 'the focus is back on its button');
    await page.locator(`button[data-request="${REQUEST_IDS[1]}"]`).click();
    await dialog.getByText('MR_SERVING_REQUEST_UNKNOWN').waitFor();
    await dialog.getByRole('button', { name: 'Close the explanation' }).click();
    await dialog.waitFor({ state: 'hidden' });
  });
});

test('a verdict opens to its checks', async () => {
  await visit({}, async (page) => {
    const refused = page.locator('details.verdict', { hasText: 'version 2' });
    const row = refused.locator('tr.refused');
    assert.equal(await row.isVisible(), false);
    await refused.locator('summary').click();
    assert.ok(await row.isVisible());
    assert.match((await row.textContent()) ?? '', /segment: light.*refused/);
    // New numbers each tenth of a second must not close it again.
    await page.waitForTimeout(400);
    assert.ok(await row.isVisible());
  });
});

test('every chart is drawn, in both themes', async () => {
  await visit({ colorScheme: 'light' }, async (page) => {
    for (const { feature } of busyState(0).openDrifts) {
      assert.ok((await coloursOf(page, `[data-feature="${feature}"] canvas`)) > 20, feature);
    }
    assert.equal(await page.locator('.drift-figure canvas').count(), 4);
    assert.equal(await page.locator('#traffic canvas').count(), 3);
    const picture = () =>
      page
        .locator('.drift-figure canvas')
        .first()
        .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    const light = await picture();
    await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
    assert.notEqual(await picture(), light);
  });
});

test('no width scrolls sideways', async () => {
  for (const width of [360, 390, 768, 1024, 1440, 1920]) {
    await visit({ viewport: { width, height: 800 } }, async (page) => {
      const { scroll, client } = await page.evaluate(() => ({
        scroll: document.documentElement.scrollWidth,
        client: document.documentElement.clientWidth,
      }));
      assert.ok(scroll <= client, `${scroll} > ${client} at ${width}`);
      const button = page.locator('button[data-request]').first();
      await button.scrollIntoViewIfNeeded();
      const box = await button.boundingBox();
      assert.ok(box !== null && box.x >= 0 && box.x + box.width <= width, `explain is out of reach at ${width}`);
    });
  }
});

test('nothing shifts once it is there', async () => {
  await visit({}, async (page) => {
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) sum += (entry as unknown as { readonly value: number }).value;
          }).observe({ type: 'layout-shift', buffered: true });
          setTimeout(() => resolve(sum), 1200);
        }),
    );
    assert.ok(shift < 0.02, `cumulative layout shift ${shift}`);
  });
});

test('every button, link and region has a name, and all are reached by Tab', async () => {
  await visit({}, async (page) => {
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, a, summary, [role="img"], [role="region"], progress')]
        .filter((element) => !(element.getAttribute('aria-label') ?? element.textContent ?? '').trim())
        .map((element) => element.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(nameless, []);
    const reached = new Set<string>();
    for (let press = 0; press < 60; press += 1) {
      await page.keyboard.press('Tab');
      reached.add(
        await page.evaluate(
          () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
        ),
      );
    }
    for (const name of [/^Switch to the/, /^serving: /, /^governance, /, /version 1/, /^Explain request/]) {
      assert.ok(
        [...reached].some((text) => name.test(text)),
        `${name} is not reached`,
      );
    }
  });
});

test('motion is stilled where the visitor asks for it', async () => {
  const animated = (page: Page) => page.evaluate(() => document.getAnimations().length);
  await visit({ reducedMotion: 'no-preference' }, async (page) => assert.ok((await animated(page)) > 0));
  await visit({ reducedMotion: 'reduce' }, async (page) => assert.equal(await animated(page), 0));
});

test('before anything is trained each part says so', async () => {
  const empty = await serve(() => EMPTY_STATE);
  try {
    await visit({ url: empty.url }, async (page) => {
      for (const text of [
        'Nothing is trained yet',
        'The gate has judged nothing yet',
        'No window is full yet',
        'No recommendation was asked',
      ]) {
        assert.ok(await page.getByText(text).isVisible(), text);
      }
    });
  } finally {
    await empty.close();
  }
});

test('the page of a classifier speaks of decisions, and nowhere in the words of a recommender', async () => {
  const foreign = /[^.\n]*\b(items?|clicks?|visitors?|recommend\w*|popular\w*|hit rate|cold start)\b[^.\n]*/i;
  const said = (page: Page) =>
    page.evaluate(() => {
      const texts: string[] = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) texts.push(node.nodeValue ?? '');
      for (const element of document.querySelectorAll('[aria-label], [title]'))
        for (const name of ['aria-label', 'title']) texts.push(element.getAttribute(name) ?? '');
      return texts.join('\n');
    });
  const deciding = await serve(() => decidingState(second++));
  const empty = await serve(() => ({ ...EMPTY_STATE, usecase: 'fraud', kind: 'classifier' }));
  try {
    await visit({ url: deciding.url }, async (page) => {
      assert.equal(foreign.exec(await said(page))?.[0], undefined);
      await page.locator(`button[data-request="${REQUEST_IDS[0]}"]`).click();
      const dialog = page.getByRole('dialog', { name: 'Why this decision' });
      await dialog.getByText('The same decision, its probability equal to the last bit.').waitFor();
      assert.ok(await dialog.getByRole('row', { name: /review 0\.2317 0\.2317/ }).isVisible());
      assert.ok(await dialog.getByText('order.goods').isVisible());
      assert.equal(foreign.exec(await said(page))?.[0], undefined);
    });
    await visit({ url: empty.url }, async (page) => {
      assert.ok(await page.getByText('No decision was asked for yet').isVisible());
      assert.equal(foreign.exec(await said(page))?.[0], undefined);
    });
  } finally {
    await deciding.close();
    await empty.close();
  }
});

test('a loop that goes away is said to, and found again when it comes back', async () => {
  let own = await serve(() => busyState(second++));
  try {
    await visit({ url: own.url, errors: /ERR_|\/api\/stream/ }, async (page) => {
      await own.close();
      await page.getByRole('status').getByText('reconnecting').waitFor();
      own = await serve(() => ({ ...busyState(second++), step: 'Back again' }), Number(new URL(own.url).port));
      await page.getByText('Back again').waitFor();
      assert.ok(await page.getByRole('status').getByText('live').isVisible());
    });
  } finally {
    await own.close();
  }
});
