import { createHash } from 'node:crypto';

/** Module names of the client, each under the path that serves it from the installed package. */
export const VENDOR = {
  preact: '/vendor/preact.mjs',
  'preact/hooks': '/vendor/preact-hooks.mjs',
  htm: '/vendor/htm.mjs',
  uplot: '/vendor/uplot.mjs',
} as const;

const IMPORT_MAP = JSON.stringify({ imports: VENDOR });

/** Nothing from elsewhere, no inline script but the import map, no frames, no forms. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash('sha256').update(IMPORT_MAP).digest('base64')}'`,
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Style sheets in the order they apply. */
export const STYLES = ['/vendor/uplot.css', ...['tokens', 'frame', 'loop', 'panels', 'tables', 'dialog'].map(stylePath)];

function stylePath(name: string): string {
  return `/assets/${name}.css`;
}

/** The page's only document. The theme is chosen before the first paint, by a script of its own. */
export const DOCUMENT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Millrace</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
${STYLES.map((path) => `<link rel="stylesheet" href="${path}">`).join('\n')}
<script src="/assets/first-paint.ts"></script>
<script type="importmap">${IMPORT_MAP}</script>
${Object.values(VENDOR)
  .map((path) => `<link rel="modulepreload" href="${path}">`)
  .join('\n')}
<script type="module" src="/assets/main.ts"></script>
</head>
<body>
<div id="page"><p class="boot">Loading the loop …</p></div>
<noscript><p class="boot">The page draws itself by script. The same numbers as JSON: <a href="/api/state">/api/state</a></p></noscript>
</body>
</html>
`;
