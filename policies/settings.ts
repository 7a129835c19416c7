/** What an environment tells the pack; every key has a default, and `millrace:policies` of the stack config overrides. */
export interface PolicySettings {
  /** Registries (host and optional path) that images may come from. */
  readonly imageRegistries: readonly string[];
  /** Namespaces that may run below `restricted`, each with its level and why; beside those of the operators. */
  readonly podSecurityExceptions: Readonly<
    Record<string, { readonly level: 'baseline' | 'privileged'; readonly reason: string }>
  >;
  /** Service accounts (`namespace/name`) that call the Kubernetes API and so may mount a token, each with why. */
  readonly apiClients: Readonly<Record<string, string>>;
  /** AWS regions that may hold anything of ours. */
  readonly regions: readonly string[];
  /**
   * The registry's signed snapshot (`millrace registry snapshot`): its file, the digest that pins it, the public key that it
   * must be signed with, and the most days it may be old. Paths are absolute or from the project's folder. `none` while
   * nothing was released: then no Deployment may name a release.
   */
  readonly registry:
    | 'none'
    | { readonly snapshot: string; readonly digest: string; readonly verifyKey: string; readonly maxAgeDays: number };
  /** Users or items with fewer events get no published embedding. */
  readonly minSupport: number;
  /** Most days that a model may say it may be old. */
  readonly modelAgeDays: number;
  /** Days after which an erased person is gone from every backup. */
  readonly erasureWindowDays: number;
}

const OPERATOR = { level: 'baseline', reason: 'an operator, by its makers’ own chart' } as const;

export const DEFAULT_SETTINGS: PolicySettings = {
  imageRegistries: ['registry.example.org/millrace', 'registry.example.org/library'],
  podSecurityExceptions: {
    ...Object.fromEntries(
      ['argo', 'cert-manager', 'cnpg-system', 'external-secrets', 'gateway-system', 'keda', 'strimzi-system'].map((name) => [
        name,
        OPERATOR,
      ]),
    ),
    'monitoring-system': { level: 'privileged', reason: 'the exporter of the nodes’ metrics' },
  },
  apiClients: {},
  regions: ['eu-central-1', 'eu-west-1'],
  registry: 'none',
  minSupport: 3,
  modelAgeDays: 30,
  erasureWindowDays: 30,
};
