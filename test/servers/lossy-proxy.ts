import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server on loopback and can lose answers on the way. */
export interface LossyProxy {
  readonly port: number;
  /** Where connections go on to; set before the first one. */
  target: number;
  /** From now on requests arrive and their answers do not; once one was lost, all connections break and the next ones are whole. */
  loseAnswer(): Promise<void>;
  close(): Promise<void>;
}

export async function lossyProxy(): Promise<LossyProxy> {
  const open = new Set<Socket>();
  let lost: (() => void) | undefined;
  const server = createServer((client) => {
    const upstream = connect(proxy.target, '127.0.0.1');
    const end = () => {
      for (const socket of [client, upstream]) {
        open.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [client, upstream]) open.add(socket.on('error', end).on('close', end));
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (lost === undefined) {
        client.write(bytes);
        return;
      }
      lost();
      lost = undefined;
      for (const socket of [...open]) socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: LossyProxy = {
    port: (server.address() as { port: number }).port,
    target: 0,
    loseAnswer: () =>
      new Promise((resolve) => {
        lost = resolve;
      }),
    async close() {
      for (const socket of [...open]) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
