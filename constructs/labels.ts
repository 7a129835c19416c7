import { PLATFORM } from './site.ts';

export interface Named {
  readonly name: string;
  readonly layer: string;
  readonly usecase?: string | undefined;
}

/** What selects an object's pods; never changes over its life. */
export const selectorOf = ({ name, usecase }: Named): Record<string, string> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/instance': usecase ?? PLATFORM,
});

export const labelsOf = (named: Named, owner: string): Record<string, string> => ({
  ...selectorOf(named),
  'app.kubernetes.io/part-of': PLATFORM,
  'app.kubernetes.io/managed-by': 'pulumi',
  'millrace.dev/layer': named.layer,
  'millrace.dev/workload': named.name,
  ...(named.usecase === undefined ? {} : { 'millrace.dev/usecase': named.usecase }),
  owner,
});
