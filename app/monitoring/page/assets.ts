import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VENDOR } from './document.ts';

export interface Asset {
  readonly type: string;
  readonly body: string;
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';

/** The packages' own files behind the names of the import map. */
const PACKAGES: Readonly<Record<keyof typeof VENDOR, string>> = {
  preact: 'preact',
  'preact/hooks': 'preact/hooks',
  htm: 'htm',
  uplot: 'uplot/dist/uPlot.esm.js',
};

/** All files of the page by their path, read once. What is not in the map is not served. */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const [name, source] of Object.entries(PACKAGES)) {
    assets.set(VENDOR[name as keyof typeof VENDOR], { type: JAVASCRIPT, body: await packaged(source) });
  }
  assets.set('/vendor/uplot.css', { type: CSS, body: await packaged('uplot/dist/uPlot.min.css') });
  for (const [file, text] of await folder('client', '.ts')) {
    assets.set(`/assets/${file}`, { type: JAVASCRIPT, body: quietly(() => stripTypeScriptTypes(text)) });
  }
  for (const [file, text] of await folder('style', '.css')) assets.set(`/assets/${file}`, { type: CSS, body: text });
  for (const [file, text] of await folder('style', '.svg')) assets.set(`/assets/${file}`, { type: 'image/svg+xml', body: text });
  return assets;
}

/** A package's file, without the pointer to a source map that is not served. */
async function packaged(name: string): Promise<string> {
  const text = await readFile(fileURLToPath(import.meta.resolve(name)), 'utf8');
  return text.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, '\n');
}

async function folder(name: string, extension: string): Promise<readonly (readonly [string, string])[]> {
  const path = join(import.meta.dirname, name);
  const files = (await readdir(path)).filter((file) => file.endsWith(extension)).sort();
  return Promise.all(files.map(async (file) => [file, await readFile(join(path, file), 'utf8')] as const));
}

/** Node warns once that stripping as a function is experimental, in the middle of the task list; the lockfile pins that Node. */
function quietly<T>(work: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
