/** What an environment tells the pack; every key has a default, and `millrace:policies` of the stack config overrides. */
export interface PolicySettings {
  /** Registries (host and optional path) that images may come from. */
  readonly imageRegistries: readonly string[];
  /** Namespaces that may run below `restricted`, each with its level and why. */
  readonly podSecurityExceptions: Readonly<
    Record<string, { readonly level: 'baseline' | 'privileged'; readonly reason: string }>
  >;
  /** Service accounts (`namespace/name`) that call the Kubernetes API and so may mount a token, each with why. */
  readonly apiClients: Readonly<Record<string, string>>;
  /** AWS regions that may hold anything of ours. */
  readonly regions: readonly string[];
}

export const DEFAULT_SETTINGS: PolicySettings = {
  imageRegistries: ['registry.example.org/millrace', 'registry.example.org/library'],
  podSecurityExceptions: {},
  apiClients: {},
  regions: ['eu-central-1', 'eu-west-1'],
};
