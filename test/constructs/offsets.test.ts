import assert from 'node:assert/strict';
import { test } from 'node:test';
import { platformChart } from '../../constructs/ingestion/charts.ts';
import { PRODUCTION } from './aws-account.ts';
import { deployAll, ofType } from './aws-program.ts';
import { manifests, named, site } from './site.ts';

const FORTNIGHT = 14 * 24 * 60;
const providers = { online: 'valkey', metadata: 'cloudnative-pg', warehouse: 'none', nodes: 'existing' } as const;
const KEY = 'offsets.retention.minutes';

/** What each kind of broker is told, where events are kept for so many days. */
function told(log: 'strimzi' | 'single', retentionDays: number): number {
  const load = { dailyUsers: 100_000, eventsPerUser: 20, peakFactor: 4, retentionDays };
  const made = site({ environment: 'dev', dials: { load, providers: { log, ...providers } } });
  const objects = manifests((app) => platformChart(app, made));
  if (log === 'strimzi') return named(objects, 'Kafka', 'millrace').spec.kafka.config[KEY];
  const properties: string = named(objects, 'ConfigMap', 'kafka-start').data['server.properties'];
  return Number(new RegExp(`^${KEY.replaceAll('.', '\\.')}=(\\d+)$`, 'm').exec(properties)?.[1]);
}

test('a consumer that was away for a week finds its position again: it is kept a fortnight, and as long as the events', async () => {
  for (const log of ['strimzi', 'single'] as const)
    assert.deepEqual([told(log, 2), told(log, 7), told(log, 30)], [FORTNIGHT, FORTNIGHT, 30 * 24 * 60], log);
  const [configuration] = ofType(await deployAll(PRODUCTION), 'msk/Configuration');
  const minutes = /^offsets\.retention\.minutes=(\d+)$/m.exec(String(configuration?.inputs.serverProperties))?.[1];
  const hours = /^log\.retention\.hours=(\d+)$/m.exec(String(configuration?.inputs.serverProperties))?.[1];
  assert.equal(Number(minutes), Math.max(FORTNIGHT, Number(hours) * 60));
});
