import type { CapacityPlan } from './capacity.ts';
import type { Dials } from './dials.ts';

/** Where a store or service is reached, and whom a network policy must name to allow it. */
export interface Endpoint {
  readonly name: string;
  /** Host that clients are given; may hold a placeholder that is poured on deployment. */
  readonly host: string;
  readonly port: number;
  /** What clients are given where it is more than one host and port, e.g. a list of brokers. */
  readonly address?: string;
  /** Further ports of the same pods. */
  readonly morePorts?: readonly number[];
  /** Label of the pods that its own policy lets in; without it, each caller's edge is opened by a policy of the caller's. */
  readonly admits?: string;
  /** Pods that answer, where they run in this cluster. */
  readonly pods?: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  /** Address ranges that answer, where they do not. */
  readonly ranges?: readonly string[];
}

/** The stores of the platform as workloads see them. */
export interface Endpoints {
  readonly log: Endpoint;
  readonly objects: Endpoint;
  readonly online: Endpoint;
  readonly metadata: Endpoint;
  readonly registry: Endpoint;
  readonly telemetry: Endpoint;
  /** The API server. */
  readonly controlPlane: Endpoint;
  /** Who wraps and signs, on aws. */
  readonly kms?: Endpoint;
  /** What gives pods their identity, on aws. */
  readonly identity?: Endpoint;
}

/** What every chart of an environment is made from. */
export interface Site {
  readonly dials: Dials;
  readonly plan: CapacityPlan;
  readonly endpoints: Endpoints;
}

export const PLATFORM = 'millrace';

/** The namespace of a layer. */
export const namespaceOf = (layer: string): string => `${PLATFORM}-${layer}`;
