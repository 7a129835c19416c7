import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dials } from '../../constructs/dials.ts';
import { environments, readDials } from '../../constructs/environments.ts';
import { RULES } from '../../policies/catalogue.ts';
import { contextOf } from '../../policies/context.ts';
import { judgeStack } from '../../policies/judge.ts';
import { CHANGE_CAPTURE, shop } from '../constructs/followed.ts';
import { record } from './recorded.ts';

for (const name of await environments()) {
  test(`${name}: a use case that follows a database brings its connector, breaks no rule, and takes all of it away again`, async () => {
    const dials: Dials = { ...(await readDials(name)), changeCapture: CHANGE_CAPTURE };
    const resources = await record(dials, [shop]);
    const findings = judgeStack(RULES, resources, contextOf({ stack: name, policies: dials.policies }, new Date()));
    assert.deepEqual(
      findings.map(({ message }) => message),
      [],
    );
    const kinds = resources.filter(({ name: of }) => of.includes('orders-db')).map(({ type }) => type.split(':').at(-1));
    for (const kind of ['KafkaConnect', 'KafkaConnector', 'ExternalSecret', 'NetworkPolicy'])
      assert.ok(kinds.includes(kind), kind);
    assert.ok(kinds.includes(dials.providers.log === 'msk' ? 'PodIdentityAssociation' : 'KafkaUser'));
    assert.equal(kinds.filter((kind) => kind === (dials.providers.log === 'msk' ? 'Topic' : 'KafkaTopic')).length, 6);
    const unfollowed = { ...shop, sources: shop.sources.filter(({ kind }) => kind !== 'database') };
    const without = new Set((await record(dials, [unfollowed])).map(({ urn }) => urn));
    const brought = resources.filter(({ urn }) => !without.has(urn)).map(({ name: of }) => of);
    assert.ok(brought.length > 10, `${brought.length} resources`);
    assert.deepEqual(
      brought.filter((of) => !/orders-db/.test(of)),
      [],
    );
  });
}
