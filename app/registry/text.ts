import type { Micros } from '../clock/port.ts';
import type { Evaluation, Interval } from './release.ts';
import type { Deployment, Version, VersionDetail } from './version.ts';

/** Columns as wide as their widest cell, two spaces apart. The first row is the heading. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** RFC 3339 in UTC, to the second. */
export const momentText = (at: Micros): string => new Date(at / 1000).toISOString().replace(/\.\d+Z$/, 'Z');

const intervalText = ({ value, low, high }: Interval) => `${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;

/** One line a version, newest first, with its headline metrics. */
export function versionTable(versions: readonly Version[], aliases: Readonly<Record<string, number | undefined>>): string {
  if (versions.length === 0) return 'no versions yet; `npm start` trains the first one';
  const metrics = Object.keys(versions[0]?.manifest.metrics.metrics ?? {});
  const rows = versions.map(({ version, state, author, createdAt, unitId, manifest }) => [
    String(version),
    state,
    Object.entries(aliases)
      .filter(([, number]) => number === version)
      .map(([alias]) => alias)
      .join(', '),
    ...metrics.map((name) => manifest.metrics.metrics[name]?.value.toFixed(4) ?? ''),
    author,
    momentText(createdAt),
    unitId.slice(0, 12),
  ]);
  return columns([
    ['VERSION', 'STATE', 'ALIAS', ...metrics.map((name) => name.toUpperCase()), 'AUTHOR', 'REGISTERED', 'UNIT'],
    ...rows,
  ]);
}

export const deploymentLine = ({ at, act, version, actor, reason }: Deployment): string =>
  `${momentText(at)}  ${act} to version ${version} by ${actor}: ${reason}`;

const pairs = (value: Readonly<Record<string, unknown>>) =>
  Object.entries(value)
    .map(([name, of]) => `${name}=${String(of)}`)
    .join(' ');

function evaluationLines(title: string, { users, metrics, segments }: Evaluation): readonly string[] {
  const rows = [['', title, `${users} users`]];
  for (const [name, interval] of Object.entries(metrics)) rows.push(['', name, intervalText(interval)]);
  for (const [segment, of] of Object.entries(segments))
    for (const [name, interval] of Object.entries(of.metrics))
      rows.push(['', `${segment} ${name}`, `${intervalText(interval)} (${of.users} users)`]);
  return columns(rows).split('\n');
}

/** Everything about a version, for a person: what it is, where it comes from, who signed it off, when it answered. */
export function showText(detail: VersionDetail): string {
  const { model, version, state, author, createdAt, aliases, unitId, manifest, approvals, verdicts, deployments } = detail;
  const { dataset } = manifest;
  return [
    `${model} version ${version}: ${state}${aliases.length === 0 ? '' : ` (${aliases.join(', ')})`}`,
    `  unit        ${unitId}`,
    `  registered  ${momentText(createdAt)} by ${author}`,
    `  dataset     ${pairs(dataset.tables)} until ${momentText(dataset.until)}, ${dataset.rows} rows, query ${dataset.queryHash.slice(0, 12)}`,
    ...(dataset.note === undefined ? [] : [`              ${dataset.note}`]),
    `  code        ${manifest.codeCommit}`,
    `  trainer     ${manifest.trainer} ${pairs(manifest.parameters)} seed=${manifest.seed}`,
    `  search      ${manifest.search.trials} trials, ${manifest.search.folds} folds`,
    `  views       ${Object.entries(manifest.featureViews)
      .map(([view, hash]) => `${view}@${hash.slice(0, 12)}`)
      .join(' ')}`,
    `  schema      ${manifest.schemaHash.slice(0, 12)}`,
    ...Object.entries(manifest.files).map(
      ([file, of]) => `  file        ${file} ${of.bytes} bytes sha256 ${of.sha256.slice(0, 12)}`,
    ),
    ...evaluationLines('metrics', manifest.metrics),
    ...evaluationLines('popularity baseline', manifest.baseline),
    ...verdicts.map(({ at, verdict }) => `  verdict     ${momentText(at)} ${verdict}`),
    ...approvals.map(({ at, approver }) => `  approval    ${momentText(at)} ${approver}`),
    ...deployments.map((deployment) => `  deployment  ${deploymentLine(deployment)}`),
  ].join('\n');
}
