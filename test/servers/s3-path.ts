import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What becomes of one answer on its way back. */
export type Fate = 'pass' | 'lose' | 'halve' | 'stall' | 'stall-midway' | 'forbid';

export interface Path {
  /** Where the store is asked by way of it. */
  readonly endpoint: string;
  /** Requests that came this way, e.g. `PUT /bucket/key`. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

/** A way to the S3 server at `port` on which answers get lost, after the server has done what was asked. */
export async function openPath(port: number, ca: Buffer, fate: (request: string) => Fate): Promise<Path> {
  const seen: string[] = [];
  const relay = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const asked = `${incoming.method} ${incoming.url?.split('?')[0]}`;
    seen.push(asked);
    const { method, url, headers } = incoming;
    // The signature covers the name that the client called, so that goes on as it is.
    const onward = secureRequest(
      { host: '127.0.0.1', servername: 'localhost', port, ca, method, path: url, headers },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.once('end', () => {
          const body = Buffer.concat(parts);
          const what = fate(asked);
          if (what === 'stall') return;
          if (what === 'forbid') return void outgoing.writeHead(403).end();
          if (what === 'lose') return void incoming.socket.destroy();
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          if (what === 'pass') return void outgoing.end(body);
          outgoing.write(body.subarray(0, body.length / 2), () => {
            if (what === 'halve') incoming.socket.destroy();
          });
        });
      },
    );
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  };
  const server = createServer(relay);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** EKS's agent for pods' identities, as the SDK asks it: credentials to whoever shows the pod's token. */
export async function openIdentityAgent(
  token: string,
  identity: { readonly accessKeyId: string; readonly secretAccessKey: string },
) {
  let asked = 0;
  const server = createServer((incoming, outgoing) => {
    asked += 1;
    if (incoming.headers.authorization !== token) return void outgoing.writeHead(403).end();
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = identity;
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    outgoing.writeHead(200, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: '', Expiration }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/credentials`,
    asked: () => asked,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
