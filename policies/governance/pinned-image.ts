import { all, allContainers, every, matches, said } from '../expression.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import { objectRule } from '../object-rule.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export const pinnedImage = objectRule({
  id: 'K03',
  name: 'governance-pinned-image',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Images are named by digest and come from allowed registries',
  control: ['OWASP ML06', 'CIS EKS 5.1'],
  reason: 'The gate signs off one set of bytes. A tag can move after the sign-off, a digest cannot.',
  remediation:
    'Put name@sha256:<digest> into the stack config; add the registry to millrace:policies imageRegistries if it is ours.',
  kinds: WORKLOAD_KINDS,
  object: ({ config }) =>
    every(allContainers, (container) =>
      said(
        `name@sha256:<64 hex digits> from ${config.imageRegistries.join(' or ')}`,
        all(
          matches(container.at('image'), DIGEST),
          matches(container.at('image'), new RegExp(`^(${config.imageRegistries.map(escaped).join('|')})/`)),
        ),
      ),
    ),
});
