import { ACTIVITY, data, withDocument } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';

const features = (fields: readonly string[], lawfulBasis?: object) =>
  withDocument(data, 'retail-feature-views', 'user_activity.json', { ...ACTIVITY, features: { some: fields }, lawfulBasis });
const BASIS = {
  basis: 'explicit consent, GDPR Art. 9(2)(a)',
  approvedBy: 'data protection officer',
  approvedAt: '2026-03-01T10:00:00Z',
};

export const fixtures: Fixtures = {
  passing: [
    { title: 'items', resources: data },
    { title: 'a sensitive field with a basis', resources: features(['health'], BASIS) },
    { title: 'a proxy with a basis', resources: features(['postcode'], BASIS) },
  ],
  violating: [
    { title: 'a sensitive field', resources: features(['item_id', 'health']) },
    { title: 'a proxy', resources: features(['postcode']) },
    { title: 'a personal field', resources: features(['address']) },
    { title: 'a basis that nobody approved', resources: features(['health'], { ...BASIS, approvedBy: '' }) },
    { title: 'a basis approved tomorrow', resources: features(['health'], { ...BASIS, approvedAt: '2027-01-01T00:00:00Z' }) },
  ],
};
