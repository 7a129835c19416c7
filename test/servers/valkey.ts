import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Reply, type ValkeyLogin } from '../../app/features/online-store/valkey-connection.ts';
import { scripts } from '../../constructs/features/valkey-scripts.ts';
import { freePorts, lastWords, type Server, startServer } from '../cluster/server.ts';
import { Hopeless, until } from '../cluster/until.ts';
import { certificateAuthority } from './certificate-authority.ts';

/** Servers of one store on loopback: TLS alone, the users that the constructs make with their very rights. */
export interface ValkeyServers {
  readonly ports: readonly number[];
  /** As whom a workload comes. */
  login(user: 'reader' | 'writer' | 'own'): ValkeyLogin;
  passwordFile(password: string): string;
  /** A new, empty folder that goes with the servers. */
  folder(): string;
  /** Asks one of them as its own user, who may do all. */
  admin(node: number, ...command: string[]): Promise<Reply>;
  start(node: number): Promise<void>;
  kill(node: number): Promise<void>;
  /** Stops it in its tracks, as a machine that hangs, or lets it go on. */
  signal(node: number, signal: 'SIGSTOP' | 'SIGCONT'): void;
  stop(): Promise<void>;
}

interface Node {
  readonly conf: string;
  readonly acl: readonly string[];
  readonly sentinel?: boolean;
}

export const PASSWORD = 'correct-horse-battery-staple';

/** The lines of users that a script of the constructs writes. */
export const usersOf = (script: 'member.sh' | 'sentinel.sh'): readonly string[] =>
  (scripts({ maxMemoryMiB: 64, members: 1, service: 'valkey', own: 'valkey-own' })[script] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('user '))
    .map((line) => line.replace(/>\S*(\(cat [^)]*\)|\$REDISCLI_AUTH)/, `>${PASSWORD}`));

/** Starts servers with those lines of configuration, which are given every server's port. */
export async function startValkey(count: number, nodes: (ports: readonly number[]) => readonly Node[]): Promise<ValkeyServers> {
  const script = join(import.meta.dirname, '../../scripts/servers/valkey');
  const program = execFileSync(script, { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  const dir = mkdtempSync(join(tmpdir(), 'millrace-valkey-'));
  const authority = certificateAuthority(join(dir, 'certificates'));
  const { crt, key } = authority.signed('server', 'localhost', 'DNS:localhost');
  // Each may want another port beside its own, as a cluster's nodes do.
  const ports = await freePorts(2 * count);
  const made = nodes(ports);
  const running: Server[] = [];
  let written = 0;
  const passwordFile = (password: string) => {
    written += 1;
    const file = join(dir, `password-${written}`);
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    return file;
  };
  const file = passwordFile(PASSWORD);
  const login = (user: string): ValkeyLogin => ({ user, passwordFile: file, caFile: authority.ca.crt });
  for (const [i, { conf, acl }] of made.entries()) {
    const own = join(dir, String(i));
    mkdirSync(own);
    writeFileSync(join(own, 'users.acl'), `${acl.join('\n')}\n`);
    const tls = `tls-port ${ports[i]}\ntls-cert-file ${crt}\ntls-key-file ${key}\ntls-ca-cert-file ${authority.ca.crt}\ntls-auth-clients optional\ntls-replication yes`;
    writeFileSync(join(own, 'valkey.conf'), `port 0\n${tls}\ndir ${own}\naclfile ${join(own, 'users.acl')}\n${conf}\n`);
  }
  const admin = async (node: number, ...command: string[]) => {
    const client = await connect({ host: 'localhost', port: ports[node] as number }, login('own'));
    try {
      return (await client.sendCommand(command)) as Reply;
    } finally {
      client.destroy();
    }
  };
  const start = async (node: number) => {
    const own = join(dir, String(node));
    const args = [join(own, 'valkey.conf'), ...(made[node]?.sentinel === true ? ['--sentinel'] : [])];
    const server = startServer(`valkey-${node}`, program, args, join(dir, `${node}.log`));
    running[node] = server;
    await until('Valkey answers', async () => {
      if (server.ended() !== undefined) throw new Hopeless(lastWords(server));
      return String(await admin(node, 'PING')) === 'PONG';
    });
  };
  for (const node of made.keys()) await start(node);
  return {
    ports,
    login,
    passwordFile,
    folder: () => mkdtempSync(join(dir, 'folder-')),
    admin,
    start,
    async kill(node) {
      process.kill((running[node] as Server).pid, 'SIGKILL');
      await (running[node] as Server).stop();
    },
    signal(node, signal) {
      process.kill((running[node] as Server).pid, signal);
    },
    async stop() {
      for (const server of running) await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
