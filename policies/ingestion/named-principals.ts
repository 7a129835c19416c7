import { failures } from '../evaluate.ts';
import {
  all,
  any,
  containers,
  equals,
  every,
  implies,
  matches,
  not,
  object,
  oneOf,
  type Predicate,
  present,
  said,
  some,
} from '../expression.ts';
import { at, kindOf } from '../read.ts';
import type { Resource, ResourceRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';
import { serverProperties } from './durable-topic.ts';

const AUTO_CREATE = 'auto.create.topics.enable';
const NO_ACL = 'allow.everyone.if.no.acl.found';

const never: Predicate = { is: 'always', value: false };
const kafka = object.at('spec', 'kafka');

const brokers = all(
  said('listeners', present(kafka.at('listeners'))),
  every(kafka.at('listeners'), (listener) =>
    all(
      said('true, on each listener', equals(listener.at('tls'), true)),
      said(
        'tls, scram-sha-512 or oauth',
        oneOf(listener.at('authentication', 'type'), ['tls', 'scram-sha-512', 'oauth', 'custom']),
      ),
    ),
  ),
  said('simple, opa, keycloak or custom', present(kafka.at('authorization', 'type'))),
  said('false', matches(kafka.at('config', AUTO_CREATE), /^false$/)),
  said('false or absent', implies(matches(kafka.at('config', NO_ACL), /^true$/), never)),
);

const user = all(
  said('tls or scram-sha-512', oneOf(object.at('spec', 'authentication', 'type'), ['tls', 'scram-sha-512', 'tls-external'])),
  said('simple', equals(object.at('spec', 'authorization', 'type'), 'simple')),
  every(object.at('spec', 'authorization', 'acls'), (acl) =>
    all(
      // Strimzi's names of topics and groups; the cluster itself has none.
      said(
        'the name of a topic or group, or a prefix of 3 letters or more',
        any(
          oneOf(acl.at('resource', 'type'), ['cluster']),
          all(
            matches(acl.at('resource', 'name'), /^[A-Za-z0-9._-]+$/),
            implies(equals(acl.at('resource', 'patternType'), 'prefix'), matches(acl.at('resource', 'name'), /^.{3,}$/)),
          ),
        ),
      ),
      said(
        'operations by name',
        all(not(some(acl.at('operations'), (operation) => equals(operation, 'All'))), not(equals(acl.at('operation'), 'All'))),
      ),
      said('operations by name', any(present(acl.at('operations')), present(acl.at('operation')))),
    ),
  ),
);

/** A broker that runs without the operator, by its environment. */
const plain = every(containers, (container) =>
  every(container.at('env'), (variable) =>
    all(
      implies(
        equals(variable.at('name'), 'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP'),
        said('SSL or SASL_SSL on each listener', not(matches(variable.at('value'), /:(PLAINTEXT|SASL_PLAINTEXT)(,|$)/))),
      ),
      implies(
        equals(variable.at('name'), 'KAFKA_AUTO_CREATE_TOPICS_ENABLE'),
        said('false', equals(variable.at('value'), 'false')),
      ),
    ),
  ),
);

const named = all(
  implies(equals(object.at('kind'), 'Kafka'), brokers),
  implies(equals(object.at('kind'), 'KafkaUser'), user),
  implies(oneOf(object.at('kind'), ['StatefulSet', 'Deployment']), plain),
);

export const namedPrincipals: ResourceRule = {
  id: 'D12',
  name: 'ingestion-named-principals',
  layer: 'ingestion',
  severity: 'mandatory',
  title: 'Kafka principals by name, no wildcard ACL, TLS on every listener, no topics made on the fly',
  control: ['OWASP ML02', 'SOC 2 CC6.1'],
  reason: 'Spoofed events are poisoning.',
  remediation:
    'Give each workload its own KafkaUser with the topics it declares, and leave the listeners as the construct makes them.',
  kinds: [
    'kubernetes:kafka.strimzi.io/v1:Kafka',
    'kubernetes:kafka.strimzi.io/v1:KafkaUser',
    'kubernetes:kafka.strimzi.io/v1beta2:Kafka',
    'kubernetes:kafka.strimzi.io/v1beta2:KafkaUser',
    'kubernetes:apps/v1:StatefulSet',
    'kubernetes:apps/v1:Deployment',
    'aws:msk/cluster:Cluster',
    'aws:msk/configuration:Configuration',
  ],
  object: () => named,
  checkResource: (resource) =>
    resource.type.startsWith('aws:')
      ? managed(resource)
      : failures(named, resource.props).map((failure) => violation(namedPrincipals, resource, failure)),
};

function managed(resource: Resource): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) =>
    violation(namedPrincipals, resource, { property, found, expected });
  if (kindOf(resource) === 'Configuration') {
    const properties = serverProperties(resource);
    return [AUTO_CREATE, NO_ACL]
      .filter((key) => properties[key] !== 'false')
      .map((key) => fault('serverProperties', `${key}=${properties[key] ?? 'missing'}`, `${key}=false`));
  }
  const [anyone, wire] = ['clientAuthentication.unauthenticated', 'encryptionInfo.encryptionInTransit.clientBroker'];
  const open = at(resource, ...anyone.split('.'));
  const client = at(resource, ...wire.split('.'));
  return [
    ...(open === undefined || open === false ? [] : [fault(anyone, open, 'false or absent')]),
    ...(client === 'TLS' ? [] : [fault(wire, client, 'TLS')]),
  ];
}
