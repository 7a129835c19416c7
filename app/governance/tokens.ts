/** Every token that the platform's servers ask of callers, by the name of its secret in the key store. */
export const TOKENS = {
  collector: 'collector-token',
  registry: 'registry-token',
  recommend: 'serving-token.recommend',
  classify: 'serving-token.classify',
  infer: 'serving-token.infer',
  explain: 'serving-token.explain',
  admin: 'serving-token.admin',
} as const;

export type Token = keyof typeof TOKENS;
