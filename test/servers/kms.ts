import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, type CreateKeyCommandInput, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { freePorts, lastWords, type Server, startServer } from '../cluster/server.ts';
import { Hopeless, until } from '../cluster/until.ts';

/** local-kms on loopback: real keys and ciphertexts, and nobody's rights; who asks is not looked at. */
export interface KmsServer {
  readonly endpoint: string;
  /** Speaks as whoever may make and end keys. */
  readonly owner: KMSClient;
  /** The ARN of a new key. @default of a symmetric one */
  key(kind?: Pick<CreateKeyCommandInput, 'KeySpec' | 'KeyUsage'>): Promise<string>;
  /** Writes a text into a file of its own and returns its path. */
  file(text: string): string;
  /** Ends the server as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again over the same keys, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const REGION = 'eu-test-1';
const ACCOUNT = '123456789012';

export async function startKms(): Promise<KmsServer> {
  const script = join(import.meta.dirname, '../../scripts/servers/kms');
  const program = execFileSync(script, { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  const dir = mkdtempSync(join(tmpdir(), 'millrace-kms-'));
  mkdirSync(join(dir, 'keys'));
  const [port] = (await freePorts(1)) as [number];
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'owner', secretAccessKey: 'owner-secret-1234567890' };
  const owner = new KMSClient({ endpoint, region: REGION, credentials });
  let count = 0;
  let running: Server;
  const start = async () => {
    running = startServer('kms', program, [`127.0.0.1:${port}`, REGION, ACCOUNT, join(dir, 'keys')], join(dir, 'log'));
    await until('the KMS answers', async () => {
      if (running.ended() !== undefined) throw new Hopeless(lastWords(running));
      return (await owner.send(new ListKeysCommand({}))).Keys !== undefined;
    });
  };
  await start();
  return {
    endpoint,
    owner,
    async key(kind = {}) {
      const { KeyMetadata } = await owner.send(new CreateKeyCommand(kind));
      return KeyMetadata?.Arn ?? '';
    },
    file(text) {
      count += 1;
      const path = join(dir, `file-${count}`);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    },
    async kill() {
      process.kill(running.pid, 'SIGKILL');
      await running.stop();
    },
    start,
    async stop() {
      owner.destroy();
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
