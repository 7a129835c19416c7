/** The namespaces that operators live in: who may call what they look after, besides its own users. */
export const OPERATORS = {
  strimzi: 'strimzi-system',
  keda: 'keda',
  cloudnativePg: 'cnpg-system',
  prometheus: 'monitoring-system',
} as const;

/** The Service that the Prometheus operator itself makes for every Prometheus of its namespace. */
export const PROMETHEUS = `http://prometheus-operated.${OPERATORS.prometheus}.svc:9090`;
