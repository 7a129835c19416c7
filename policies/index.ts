/** The policy pack that `pulumi preview --policy-pack policies` runs; start.js is what the engine starts. */
import { PolicyPack } from '@pulumi/policy';
import { MillraceError } from '../app/errors.ts';
import { RULES } from './catalogue.ts';
import { contextOf, factsOf } from './context.ts';
import { type ContextOf, policiesOf } from './pack.ts';
import { loadWaivers } from './waivers.ts';

const now = new Date();
const known = new Map<string, ReturnType<ContextOf>>();

function contextFor(stack: string): ReturnType<ContextOf> {
  const context = known.get(stack) ?? readContext(stack);
  known.set(stack, context);
  return context;
}

function readContext(stack: string): ReturnType<ContextOf> {
  try {
    return contextOf(factsOf(stack), now);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { fault: `${error.code}: ${error.message}. Expected ${error.expected}. ${error.kind.next}` };
  }
}

new PolicyPack('millrace', {
  displayName: 'Millrace',
  description: 'What an ML platform must never be deployed as.',
  enforcementLevel: 'mandatory',
  policies: policiesOf(RULES, contextFor, loadWaivers(RULES), now),
});
