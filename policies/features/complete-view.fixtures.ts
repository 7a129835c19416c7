import { ACTIVITY, data, TASTE, withDocument } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';

const activity = (change: object) => withDocument(data, 'retail-feature-views', 'user_activity.json', { ...ACTIVITY, ...change });
const taste = (change: object) => withDocument(data, 'retail-feature-views', 'user_taste.json', { ...TASTE, ...change });

export const fixtures: Fixtures = {
  passing: [
    { title: 'all four', resources: data },
    { title: 'another window', resources: activity({ ttl: '90m' }) },
  ],
  violating: [
    { title: 'no owner', resources: activity({ owner: undefined }) },
    { title: 'an owner of blanks', resources: activity({ owner: ' ' }) },
    { title: 'no entity', resources: taste({ entity: undefined }) },
    { title: 'no time to live', resources: activity({ ttl: undefined }) },
    { title: 'a time to live without a unit', resources: taste({ ttl: '30' }) },
    { title: 'no event time', resources: activity({ eventTime: undefined }) },
    { title: 'an event time that the events do not have', resources: activity({ eventTime: 'created_at' }) },
    { title: 'a key that the events do not have', resources: activity({ joinKey: 'customer' }) },
  ],
};
