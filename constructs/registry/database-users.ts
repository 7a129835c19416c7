import { createHash } from 'node:crypto';
import type { Construct } from 'constructs';
import { EVERYDAY_USERS, userName } from '../../app/registry/metadata/users.ts';
import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { AWS_VALUES, placeholder } from '../bridge/placeholder.ts';
import { network } from '../cluster/edges.ts';
import { podTemplate, serviceAccountOf } from '../cluster/pod.ts';
import { declaredAnnotations } from '../cluster/workload.ts';
import { CLOUD_STORE, cloudName, databaseSecret } from '../governance/credentials.ts';
import { copiedSecret } from '../governance/secrets.ts';
import { IMAGES } from '../images.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';
import { rdsAuthority } from './rds-authority.ts';

const DECLARATION: WorkloadDeclaration = {
  name: 'database-users',
  layer: 'registry',
  kind: 'job',
  command: [],
  reads: [],
  writes: [{ store: 'metadata' }],
};
const NAMED = { name: DECLARATION.name, layer: DECLARATION.layer } as const;
const OWNER = 'owner';
const SECRET = `${NAMED.name}-passwords`;
/** Those that the owner is as well. */
const ITS_OWN = ['writer'] as const;
const DEADLINE_SECONDS = 1_200;
const RETRIES = 6;

/** Makes the users that are missing; run twice, it changes nothing. What each may do, the layout's run says (layout.ts). */
export const USERS_SQL = `do $$
declare name text;
begin
  foreach name in array array[${EVERYDAY_USERS.map((user) => `'${userName(user)}'`).join(', ')}] loop
    if not exists (select from pg_roles where rolname = name) then execute format('create role %I login', name); end if;
  end loop;
  -- Who made a role may become it: to take its tables over, and to say what is granted in its schema.
  foreach name in array array[${ITS_OWN.map((user) => `'${userName(user)}'`).join(', ')}] loop
    if not pg_has_role(name, 'set') or not pg_has_role(name, 'usage') then execute format('grant %I to %I', name, current_user); end if;
  end loop;
end $$;
`;

/**
 * Arguments: the statements, and the folder with a file of its password for the owner and each user. `\password` sends no
 * password but what the server keeps of it, so that no log of statements can show one.
 */
export const MAKE_USERS = `#!/bin/bash
set -euo pipefail
statements=$1 passwords=$2
PGPASSWORD=$(cat "$passwords/${OWNER}")
export PGPASSWORD
psql -X -q -v ON_ERROR_STOP=1 -f "$statements"
for user in ${EVERYDAY_USERS.join(' ')}; do
  password=$(cat "$passwords/$user")
  printf '%s\\n%s\\n' "$password" "$password" | psql -X -q -v ON_ERROR_STOP=1 -c "\\\\password ${PLATFORM}_$user"
done
`;

/** The users of the registry's database where RDS runs it: a run as its owner, made anew when the users change. */
export function databaseUsers(scope: Construct, site: Site): void {
  const { dials, endpoints } = site;
  if (dials.providers.metadata !== 'rds' || dials.aws === undefined) return;
  const owner = dials.owner;
  const metadata = { name: serviceAccountOf(NAMED), namespace: namespaceOf(NAMED.layer), labels: labelsOf(NAMED, owner) };
  const hash = createHash('sha256').update(MAKE_USERS).update(USERS_SQL).digest('hex').slice(0, 10);
  const password = (key: string) => ({ key, property: 'password' });
  object(scope, 'database-users-account', 'v1 ServiceAccount', { metadata, automountServiceAccountToken: false });
  object(scope, 'database-users-statements', 'v1 ConfigMap', {
    metadata,
    data: { 'users.sql': USERS_SQL, 'make.sh': MAKE_USERS, 'ca.crt': rdsAuthority(dials.aws.region) },
  });
  copiedSecret(scope, 'database-users-secret', NAMED, owner, {
    secret: SECRET,
    store: CLOUD_STORE,
    files: {
      [OWNER]: password(placeholder(AWS_VALUES.metadataOwner)),
      ...Object.fromEntries(EVERYDAY_USERS.map((user) => [user, password(cloudName(site, databaseSecret(user)))])),
    },
  });
  network(scope, 'database-users-network', { ...NAMED, owner, egress: [endpoints.metadata] });
  object(scope, 'database-users', 'batch/v1 Job', {
    metadata: { ...metadata, name: `${metadata.name}-${hash}`, annotations: { ...declaredAnnotations(undefined, DECLARATION) } },
    spec: {
      backoffLimit: RETRIES,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      template: podTemplate({
        ...NAMED,
        owner,
        nodes: dials.providers.nodes,
        image: IMAGES.postgres,
        command: ['/bin/bash', `/etc/millrace/${metadata.name}/make.sh`],
        args: [`/etc/millrace/${metadata.name}/users.sql`, `/run/secrets/${SECRET}`],
        env: {
          PGHOST: endpoints.metadata.host,
          PGPORT: String(endpoints.metadata.port),
          PGDATABASE: PLATFORM,
          PGUSER: userName('owner'),
          PGSSLMODE: 'verify-full',
          PGSSLROOTCERT: `/etc/millrace/${metadata.name}/ca.crt`,
          PGCONNECT_TIMEOUT: '10',
        },
        resources: { cpu: '100m', memory: '128Mi' },
        priority: 'serving',
        restart: 'Never',
        secrets: [SECRET],
        configs: [metadata.name],
      }),
    },
  });
}
