/**
 * What is not ours, by digest: the index of all platforms as its registry serves it. A tag is kept for people, the digest
 * decides. Found as published pins of these releases; `docs/dials.md` says how to check and to replace one.
 */
export const IMAGES = {
  /** One broker for a laptop's cluster; elsewhere the operator brings its own. */
  kafka: 'docker.io/apache/kafka:4.3.1@sha256:77e3df9054047a88b520d0cc46e16696d3b22022e1d580aeccd2632df6532837',
  valkey: 'docker.io/valkey/valkey:8.1.3@sha256:fea8b3e67b15729d4bb70589eb03367bab9ad1ee89c876f54327fc7c6e618571',
  /** Of CloudNativePG's kinds `system`: `minimal` and `standard` have no Barman, by which backups leave. */
  postgres:
    'ghcr.io/cloudnative-pg/postgresql:17.10-202607130907-system-trixie@sha256:c141aec61cab8da3e215aebe0fa155e78442fbb41c982a86743915a967e12af9',
  trino: 'docker.io/trinodb/trino:476@sha256:00125e40d063bc4816d165482f6044872b18b56026fb959d3b28ce1f96ffbbee',
  otelCollector:
    'docker.io/otel/opentelemetry-collector-contrib:0.156.0@sha256:125bdbeb7590cc1952c5b3430ecf14063568980c2c93d5b38676cc0446ed8108',
} as const;
