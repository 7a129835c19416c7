import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useCaseNames } from '../../app/usecases/load.ts';
import type { CapacityPlan } from '../../constructs/capacity.ts';
import { refusal, run } from './front-door.ts';

test('a plan is a table of what, how much and why, and needs no data folder', async () => {
  const { code, stdout } = await run('--usecase', 'retail', 'plan', '--daily-users', '100000');
  assert.equal(code, 0);
  assert.match(stdout, /^100,000 users a day × 20 events/);
  assert.match(stdout, /^ {2}serving +3 to \d+ replicas +92\.6 requests a second × [\d.]+ ms \(measured\)/m);
  assert.match(stdout, /^ {2}together +[\d,]+ to [\d,]+ USD /m);
});

test('every dial reaches the plan, which holds all use cases where none is named', async () => {
  const dials = ['--daily-users', '5000', '--events-per-user', '2.5', '--peak-factor', '3', '--retention-days', '9'];
  const { code, stdout } = await run('plan', ...dials, '--target', 'aws', '--no-high-availability', '--json');
  assert.equal(code, 0);
  const plan = JSON.parse(stdout) as CapacityPlan;
  assert.deepEqual(plan.load, { dailyUsers: 5000, eventsPerUser: 2.5, peakFactor: 3, retentionDays: 9 });
  assert.deepEqual(plan.bounds, { target: 'aws', highAvailability: false });
  assert.deepEqual(Object.keys(plan.usecases).sort(), await useCaseNames());
  assert.equal(plan.platform.kafka.brokers.value, 1);
});

test('flags that are no load are refused, all at once', async () => {
  const { code, field, value } = refusal(await run('plan', '--daily-users', 'many', '--peak-factor', '0.5'));
  assert.deepEqual([code, field], ['MR_CAPACITY_LOAD_INVALID', '--daily-users, --peak-factor']);
  assert.deepEqual(value, { '--daily-users': 'many', '--peak-factor': 0.5 });
});

test('a target that is none is refused', async () => {
  const { code, field, value, expected } = refusal(await run('plan', '--target', 'azure'));
  assert.deepEqual([code, field, value, expected], ['MR_CLI_TARGET_UNKNOWN', '--target', 'azure', 'kubernetes or aws']);
});
