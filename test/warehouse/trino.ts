import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Options } from '../../app/lake/object-store/s3-client.ts';
import { warehouseFiles } from '../../constructs/lake/warehouse-files.ts';
import { freePorts, lastWords, type Server, startServer } from '../cluster/server.ts';
import { Hopeless, until } from '../cluster/until.ts';
import { site } from '../constructs/site.ts';
import { certificateAuthority } from '../servers/certificate-authority.ts';

/** A real Trino on loopback, a coordinator and a worker, from the very files and by the very script of the construct. */
export interface TrinoServer {
  readonly url: string;
  readonly caFile: string;
  /** Holds the key of who makes tables known. */
  readonly keyFile: string;
  /** Runs a statement as a caller does; resolves to its rows, or to the name of its fault. */
  ask(sql: string, headers?: Readonly<Record<string, string>>): Promise<readonly unknown[] | string>;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly nextUri?: string;
  readonly data?: readonly unknown[];
  readonly error?: { readonly errorName: string };
}

/** Over a bucket that the files of these options open. */
export async function startTrino(bucket: S3Options): Promise<TrinoServer> {
  const script = join(import.meta.dirname, '../../scripts/trino');
  const [home, java] = execFileSync(script, { encoding: 'utf8' }).trim().split('\n').slice(-2) as [string, string];
  const dir = mkdtempSync(join(tmpdir(), 'millrace-trino-'));
  const authority = certificateAuthority(join(dir, 'certificates'));
  const tls = authority.signed('warehouse', 'localhost', 'DNS:localhost');
  const read = (file: string | undefined) => readFileSync(file ?? '', 'utf8');
  const put = (path: string, text: string): string => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const secrets = join(dir, 'secrets');
  put(join(secrets, 'warehouse-tls/tls-combined.pem'), read(tls.key) + read(tls.crt));
  put(join(secrets, 'warehouse-tls/ca.crt'), read(authority.ca.crt));
  put(join(secrets, 'warehouse-shared/password'), 'Shared42'.repeat(8));
  const keyFile = put(join(secrets, 'warehouse-tables-key/password'), 'Signing7'.repeat(8));
  put(join(secrets, 'warehouse-objects/access-key'), read(bucket.accessKeyFile).trim());
  put(join(secrets, 'warehouse-objects/secret-key'), read(bucket.secretKeyFile).trim());
  put(join(secrets, 'warehouse-objects/ca.crt'), read(bucket.caFile));
  const { port, hostname } = new URL(bucket.endpoint ?? '');
  const objects = { ...site().dials.objects, host: hostname, port: Number(port), bucket: bucket.bucket, region: bucket.region };
  const files = warehouseFiles(site({ dials: { objects } }));
  const [coordinator, worker] = (await freePorts(2)) as [number, number];

  const start = (role: 'coordinator' | 'worker', own: number): Server => {
    const root = join(dir, role);
    const places: Readonly<Record<string, string>> = {
      '/run/secrets': secrets,
      '/etc/millrace': join(root, 'etc'),
      '/tmp': join(root, 'tmp'),
      '/usr/lib/trino': home,
    };
    // Both members are on one machine, which has one name; and a small one.
    const here = (text: string) =>
      text
        .replaceAll(/\/run\/secrets|\/etc\/millrace|\/tmp|\/usr\/lib\/trino/g, (path) => places[path] ?? path)
        .replaceAll('warehouse.millrace-lake.svc:8443', `localhost:${coordinator}`)
        .replaceAll(/=(\$HOSTNAME\.)?warehouse(-worker)?\.millrace-lake\.svc/g, '=localhost')
        .replaceAll('https.port=8443', `https.port=${own}`)
        .replaceAll(/-Xmx\d+M/g, '-Xmx1200M')
        .replaceAll(/max-memory-per-node=\d+MB/g, 'max-memory-per-node=300MB');
    for (const [name, text] of Object.entries(files)) put(join(root, 'etc/warehouse-config', name), here(text));
    mkdirSync(join(root, 'tmp'));
    const place = [`JAVA_HOME=${java}`, `PATH=${java}/bin:${process.env['PATH']}`, `HOSTNAME=${role}`];
    const run = [...place, '/bin/bash', join(root, 'etc/warehouse-config/start.sh'), role];
    return startServer(role, '/usr/bin/env', run, join(dir, `${role}.log`));
  };
  const servers = [start('coordinator', coordinator), start('worker', worker)];
  const url = `https://localhost:${coordinator}`;
  const agent = new Agent({ keepAlive: true, ca: read(authority.ca.crt) });

  const answer = (method: string, at: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request(at, { method, agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          resolve({ status, ...(status === 200 && (JSON.parse(text) as object)) });
        });
      });
      asked.on('error', reject);
      asked.end(body);
    });
  const ask: TrinoServer['ask'] = async (sql, headers = { 'x-trino-user': 'analyst' }) => {
    let page = await answer('POST', `${url}/v1/statement`, headers, sql);
    const rows = [...(page.data ?? [])];
    while (page.error === undefined && page.nextUri !== undefined) {
      page = await answer('GET', page.nextUri, headers);
      rows.push(...(page.data ?? []));
    }
    if (page.status !== 200) return `status ${page.status}`;
    return page.error === undefined ? rows : page.error.errorName;
  };
  const stop = async () => {
    agent.destroy();
    for (const server of servers) await server.stop(20_000);
    rmSync(dir, { recursive: true, force: true });
  };
  const workers = 'select node_id from system.runtime.nodes where not coordinator';
  await until(
    'a worker has joined',
    async () => {
      for (const server of servers) if (server.ended() !== undefined) throw new Hopeless(lastWords(server));
      return JSON.stringify(await ask(workers)) === '[["worker"]]';
    },
    { timeoutMs: 240_000, everyMs: 1_000 },
  ).catch(async (cause: unknown) => {
    await stop();
    throw cause;
  });
  return { url, caFile: authority.ca.crt, keyFile, ask, stop };
}
