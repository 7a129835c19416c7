import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rendered, rulesOf, run, written } from './rendered-alerts.ts';

test('pages go to the pager and tickets to the tracker, and only what carries our namespace comes here at all', () => {
  const [config] = (rendered.get('prod') ?? []).filter(({ kind }) => kind === 'AlertmanagerConfig');
  assert.ok(config !== undefined);
  const { route, receivers, inhibitRules } = config.spec;
  // As the operator writes it: ours hang below a route of its own, behind the namespace of the object.
  const matcher = ({ name, matchType, value }: Readonly<Record<string, string>>) => `${name}${matchType}"${value}"`;
  // biome-ignore lint/suspicious/noExplicitAny: the operator's route, as deep as it is
  const routeOf = (one: any): unknown => ({
    receiver: one.receiver,
    ...(one.groupBy && { group_by: one.groupBy }),
    ...(one.matchers && { matchers: one.matchers.map(matcher) }),
    group_wait: one.groupWait,
    group_interval: one.groupInterval,
    repeat_interval: one.repeatInterval,
    ...(one.routes && { routes: one.routes.map(routeOf) }),
  });
  const namespace = `namespace="${config.metadata.namespace}"`;
  const file = written('alertmanager.yml', {
    route: { receiver: 'null', routes: [{ ...(routeOf(route) as object), matchers: [namespace] }] },
    receivers: [
      { name: 'null' },
      // biome-ignore lint/suspicious/noExplicitAny: a receiver is whatever its kind says
      ...receivers.map(({ name, webhookConfigs }: any) => ({
        name,
        webhook_configs: webhookConfigs.map(({ url, sendResolved }: { url: string; sendResolved: boolean }) => ({
          url,
          send_resolved: sendResolved,
        })),
      })),
    ],
    // biome-ignore lint/suspicious/noExplicitAny: as above
    inhibit_rules: inhibitRules.map(({ sourceMatch, targetMatch, equal }: any) => ({
      source_matchers: [...sourceMatch.map(matcher), namespace],
      target_matchers: [...targetMatch.map(matcher), namespace],
      equal,
    })),
  });
  run('amtool', 'check-config', file);
  const to = (labels: Readonly<Record<string, string>>) =>
    run(
      'amtool',
      'config',
      'routes',
      'test',
      `--config.file=${file}`,
      ...Object.entries(labels).map(([name, is]) => `${name}=${is}`),
    ).trim();
  const alerts = rulesOf('prod').flatMap(({ spec }) =>
    spec.groups.flatMap(({ rules }: { readonly rules: readonly Readonly<Record<string, never>>[] }) => rules),
  );
  const told = alerts.filter(({ alert }) => alert !== undefined);
  assert.ok(told.length > 10);
  for (const { alert, labels } of told) assert.equal(to(labels), labels['severity'], `${alert}`);
  assert.equal(to({ severity: 'page' }), 'null');
});
