import type { Construct } from 'constructs';
import { BELONGS, DAILY_QUOTA, RATE_PER_SECOND } from '../../app/usecases/annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Dials } from '../dials.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';
import type { Release } from './release.ts';

/** Where the gateway's own pods run, and what it is called. */
export const GATEWAY = { name: 'public', namespace: 'gateway-system' } as const;

const CERTIFICATE = 'public-tls';
const HTTP = 8080;

/** The door of all use cases: TLS only, its certificate renewed by cert-manager. */
export function gateway(scope: Construct, { dials }: Site): void {
  const namespace = namespaceOf('serving');
  const labels = labelsOf({ name: GATEWAY.name, layer: 'serving' }, dials.owner);
  const { host, className, certificateIssuer } = dials.gateway;
  customObject(scope, 'certificate', 'cert-manager.io/v1 Certificate', {
    metadata: { name: CERTIFICATE, namespace, labels },
    spec: {
      secretName: CERTIFICATE,
      dnsNames: [`*.${host}`],
      duration: '2160h',
      renewBefore: '720h',
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: certificateIssuer },
    },
  });
  customObject(scope, 'gateway', 'gateway.networking.k8s.io/v1 Gateway', {
    metadata: { name: GATEWAY.name, namespace, labels },
    spec: {
      gatewayClassName: className,
      listeners: [
        {
          name: 'https',
          hostname: `*.${host}`,
          port: 443,
          protocol: 'HTTPS',
          tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name: CERTIFICATE }] },
          allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { [BELONGS]: PLATFORM } } } },
        },
      ],
    },
  });
}

/** Where a use case answers: a host of its own, so that its paths are those of its API. */
export const hostOf = ({ gateway: { host } }: Pick<Dials, 'gateway'>, { name }: Pick<UseCase, 'name'>): string =>
  `${name}.${host}`;

/** Paths of a use case that the outside may call. Scores, vectors and metrics are not among them. */
export const publicPaths = (usecase: UseCase): readonly string[] => [
  usecase.model.trainer.kind === 'recommender' ? '/v1/recommend' : '/v1/classify',
];

/** What a route names as the gateway that it is for, from whatever namespace. */
export const door = () => ({
  group: 'gateway.networking.k8s.io',
  kind: 'Gateway',
  name: GATEWAY.name,
  namespace: namespaceOf('serving'),
  sectionName: 'https',
});

/**
 * A use case's public routes, by exact path and method, shared out among its releases by weight. Each request needs a token:
 * the container refuses one without.
 */
export function route(scope: Construct, { dials }: Site, usecase: UseCase, releases: readonly Release[]): void {
  const { rateLimit } = usecase.serving;
  const backend = ({ track, weight }: Release) => ({
    group: '',
    kind: 'Service',
    name: track === 'stable' ? `${usecase.name}-serving` : `${usecase.name}-serving-canary`,
    port: HTTP,
    weight,
  });
  customObject(scope, 'route', 'gateway.networking.k8s.io/v1 HTTPRoute', {
    metadata: {
      name: usecase.name,
      namespace: namespaceOf('serving'),
      labels: labelsOf({ name: 'route', layer: 'serving', usecase: usecase.name }, dials.owner),
      annotations: {
        [RATE_PER_SECOND]: String(rateLimit.perSecond),
        [DAILY_QUOTA]: String(rateLimit.perSecond * 86_400),
      },
    },
    spec: {
      hostnames: [hostOf(dials, usecase)],
      parentRefs: [door()],
      rules: publicPaths(usecase).map((path) => ({
        matches: [{ method: 'POST', path: { type: 'Exact', value: path } }],
        filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-millrace-internal'] } }],
        backendRefs: releases.map(backend),
        timeouts: { request: '2s' },
      })),
    },
  });
}
