/** The policy pack that `pulumi preview --policy-pack policies` runs. */
import { PolicyPack } from '@pulumi/policy';
import { RULES } from './catalogue.ts';
import { contextOf, factsOf } from './context.ts';
import { policiesOf } from './pack.ts';
import { loadWaivers } from './waivers.ts';

new PolicyPack('millrace', {
  displayName: 'Millrace',
  description: 'What an ML platform must never be deployed as.',
  enforcementLevel: 'mandatory',
  policies: policiesOf(RULES, contextOf(factsOf(process.env), new Date()), loadWaivers(RULES)),
});
