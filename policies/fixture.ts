import type { RegistryState } from './registry-state.ts';
import type { Environment, Resource } from './rule.ts';
import type { PolicySettings } from './settings.ts';

/** A small stack that a rule is tried on. */
export interface Fixture {
  /** What is right or wrong with it. */
  readonly title: string;
  readonly resources: readonly Resource[];
  /** @default 'prod' */
  readonly environment?: Environment;
  readonly config?: Partial<PolicySettings>;
  /** What Context.registry is. */
  readonly registry?: RegistryState;
  /** A fault that only the whole pack or the engine sees, never the API server: left out of the admission corpus. @default false */
  readonly previewOnly?: boolean;
}

/** `policies/<layer>/<rule>.fixtures.ts` exports one as `fixtures`. A violating one breaks its own rule and no other. */
export interface Fixtures {
  readonly passing: readonly Fixture[];
  readonly violating: readonly Fixture[];
}
