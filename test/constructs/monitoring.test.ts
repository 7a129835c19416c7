import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LIVE_RATE } from '../../app/usecases/live-rate.ts';
import { environmentOf } from '../../constructs/environment.ts';
import { loadUseCases, readDials } from '../../constructs/environments.ts';
import { useCaseDashboard } from '../../constructs/monitoring/dashboards.ts';
import { sloGroups } from '../../constructs/monitoring/slo.ts';

const usecases = await loadUseCases();
const [usecase] = usecases;
assert.ok(usecase !== undefined);
const charts = environmentOf(await readDials('staging'), [usecase]);
const texts = [...charts.platform, ...(charts.usecases.get(usecase.name) ?? [])]
  .flatMap((chart) =>
    (chart.toJson() as readonly { kind: string }[]).filter(
      ({ kind }) =>
        kind === 'ScaledObject' || (chart.node.id.endsWith('monitoring') && ['PrometheusRule', 'ConfigMap'].includes(kind)),
    ),
  )
  .map((object) => JSON.stringify(object));

/** Every metric of ours that the code exports, and those that our own rules record. */
function exported(): ReadonlySet<string> {
  const root = join(import.meta.dirname, '../..');
  const sources = ['app', 'pipelines'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(root, room, file), 'utf8')),
  );
  return new Set(sources.flatMap((source) => [...source.matchAll(/'(millrace_[a-z_]+)'/g)].map(([, name]) => name ?? '')));
}

const LABELS = new Set(['millrace_usecase', 'millrace_track', 'millrace_workload']);

test('alerts, dashboards and autoscalers ask only for metrics that the code exports', () => {
  const known = exported();
  const asked = new Set(texts.flatMap((text) => [...text.matchAll(/\bmillrace_[a-z_]+/g)].map(([name]) => name)));
  const unknown = [...asked].filter(
    (name) => !LABELS.has(name) && !known.has(name) && !known.has(name.replace(/_(bucket|count|sum)$/, '')),
  );
  assert.deepEqual(unknown, []);
});

test("a dashboard shows the live rate of its use case's kind, and of no other", () => {
  assert.deepEqual(new Set(usecases.map(({ kind }) => kind)), new Set(Object.keys(LIVE_RATE)));
  for (const one of usecases) {
    const text = JSON.stringify(useCaseDashboard(one));
    for (const [kind, { name, metric }] of Object.entries(LIVE_RATE))
      assert.equal(text.includes(metric) && text.includes(`Live ${name}`), kind === one.kind, `${one.name}: ${metric}`);
  }
});

test('each objective has pages over an hour and six, tickets over a day and three, and records every window it asks for', () => {
  for (const { rules } of sloGroups(usecase, 'https://runbooks.example.org')) {
    const recorded = new Set(rules.flatMap(({ record }) => (record === undefined ? [] : [record])));
    const alerts = rules.filter(({ alert }) => alert !== undefined);
    assert.deepEqual(
      alerts.map(({ labels }) => labels['severity']),
      ['page', 'ticket'],
    );
    const [page, ticket] = alerts.map(({ expr }) =>
      [...expr.matchAll(/ratio_rate(\w+)\{[^}]*\} > \(([\d.]+) /g)].map(([, w, f]) => `${w}>${f}`),
    );
    assert.deepEqual(page, ['5m>14.4', '1h>14.4', '30m>6', '6h>6']);
    assert.deepEqual(ticket, ['2h>3', '1d>3', '6h>1', '3d>1']);
    for (const { expr } of alerts)
      for (const [name] of expr.matchAll(/millrace:slo_errors:ratio_rate\w+/g)) assert.ok(recorded.has(name), name);
  }
});
