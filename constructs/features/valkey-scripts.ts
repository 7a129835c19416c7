import { MADE, onlineSecret } from '../governance/credentials.ts';

export const STORE_PORT = 6379;
export const SENTINEL_PORT = 26379;

interface Scripts {
  readonly maxMemoryMiB: number;
  /** Primary and replicas of one shard. */
  readonly members: number;
  /** Host behind which any Sentinel answers. */
  readonly service: string;
  /** Secret with the members' own password. */
  readonly own: string;
}

const TLS = `/run/secrets/${MADE.onlineCertificate}`;
const password = (secret: string): string => `$(cat /run/secrets/${secret}/password)`;

/** What both kinds of server share: TLS alone, certificates shown to each other, names instead of addresses that change. */
const COMMON = (port: number) => `port 0
tls-port ${port}
tls-cert-file ${TLS}/tls.crt
tls-key-file ${TLS}/tls.key
tls-ca-cert-file ${TLS}/ca.crt
tls-auth-clients optional
tls-replication yes`;

const ASK = 'valkey-cli --tls --cacert "$TLS/ca.crt" --no-auth-warning -t 3';

/**
 * The scripts of a shard's members. Before it starts, a member asks the other Sentinels who the primary is; where none
 * answers (the first start of all), it is member 0. Passwords come from files into files, never into arguments or environment.
 */
export function scripts({ maxMemoryMiB, members, own }: Scripts): Readonly<Record<string, string>> {
  const quorum = Math.floor(members / 2) + 1;
  const find = `TLS=${TLS}
ME="$HOSTNAME.$HEADLESS"
export REDISCLI_AUTH="${password(own)}"
PRIMARY=$(${ASK} -h "$HEADLESS" -p ${SENTINEL_PORT} --user own sentinel get-master-addr-by-name "$SHARD" 2>/dev/null | head -n 1 || true)
case "$PRIMARY" in *.*) ;; *) PRIMARY="$SHARD-0.$HEADLESS" ;; esac`;
  return {
    'member.sh': `#!/bin/sh
set -eu
umask 077
${find}
# Nobody comes in as the default user (off), but a server that reads its append-only file again does, and without rights would
# pass over every transaction in it and say nothing (valkey-io/valkey#3983).
cat > /tmp/users.acl <<ACL
user default off ~* &* +@all
user own on >${password(own)} ~* &* +@all
user reader on >${password(onlineSecret('reader'))} ~* -@all +@read +@connection +info -@dangerous
user writer on >${password(onlineSecret('writer'))} ~* -@all +@read +@write +@connection +@transaction +@scripting +info -@dangerous
ACL
cat > /tmp/valkey.conf <<CONF
${COMMON(STORE_PORT)}
dir /data
appendonly yes
aclfile /tmp/users.acl
maxmemory ${maxMemoryMiB}mb
# A feature that was pushed out would be served as missing, and nobody would know.
maxmemory-policy noeviction
masteruser own
masterauth $REDISCLI_AUTH
replica-announce-ip $ME
replica-announce-port ${STORE_PORT}
min-replicas-to-write ${members > 2 ? 1 : 0}
min-replicas-max-lag 10
CONF
[ "$PRIMARY" = "$ME" ] || echo "replicaof $PRIMARY ${STORE_PORT}" >> /tmp/valkey.conf
unset REDISCLI_AUTH
exec valkey-server /tmp/valkey.conf
`,
    'sentinel.sh': `#!/bin/sh
set -eu
umask 077
${find}
cat > /tmp/sentinel-users.acl <<ACL
user default off
user own on >$REDISCLI_AUTH ~* &* +@all
user reader on >${password(onlineSecret('reader'))} -@all +@connection +sentinel|get-master-addr-by-name +sentinel|replicas +sentinel|sentinels &* +subscribe
user writer on >${password(onlineSecret('writer'))} -@all +@connection +sentinel|get-master-addr-by-name +sentinel|replicas +sentinel|sentinels &* +subscribe
ACL
cat > /tmp/sentinel.conf <<CONF
${COMMON(SENTINEL_PORT)}
dir /tmp
aclfile /tmp/sentinel-users.acl
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $ME
sentinel sentinel-user own
sentinel sentinel-pass $REDISCLI_AUTH
sentinel monitor $SHARD $PRIMARY ${STORE_PORT} ${quorum}
sentinel auth-user $SHARD own
sentinel auth-pass $SHARD $REDISCLI_AUTH
sentinel down-after-milliseconds $SHARD 5000
sentinel failover-timeout $SHARD 30000
CONF
unset REDISCLI_AUTH
exec valkey-sentinel /tmp/sentinel.conf
`,
    // Whether the process answers at all: a lost primary restarts no replica.
    'alive.sh': probe(own, 'ping', 'PONG|LOADING|MASTERDOWN'),
    // Whether it can be read: a primary, or a replica in step with one.
    'ready.sh': probe(own, 'info replication', 'role:master|master_link_status:up'),
    // Whether it knows a primary to send clients to.
    'sentinel-ready.sh': probe(own, 'sentinel get-master-addr-by-name "$SHARD"', '.', SENTINEL_PORT),
  };
}

const probe = (own: string, command: string, expected: string, port = STORE_PORT): string => `#!/bin/sh
TLS=${TLS}
export REDISCLI_AUTH="${password(own)}"
${ASK} -h localhost -p ${port} --user own ${command} | grep -Eq '${expected}'
`;
