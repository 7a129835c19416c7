import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createClient, RESP_TYPES } from '@redis/client';
import { featureError } from '../errors.ts';
import { explainValkey, isElsewhere, unreachable } from './valkey-faults.ts';

export interface ValkeyAddress {
  readonly host: string;
  readonly port: number;
  /** For whom its certificate is. @default the host */
  readonly servername?: string;
}

export interface ValkeyLogin {
  readonly user: string;
  /** Read anew for each connection: a password may be turned while this runs. */
  readonly passwordFile: string;
  /** Who signed the servers' certificates. @default whom Node trusts */
  readonly caFile?: string;
}

/** An argument of a command; rows are bytes. */
export type Argument = string | Buffer;
export type Reply = Buffer | number | null | readonly Reply[];

/** One connection, made when first needed, to wherever `locate` says; made again where it was lost or led to the wrong one. */
export interface ValkeyConnection {
  /** @throws MR_FEATURES_ONLINE_UNREACHABLE, MR_FEATURES_ONLINE_DENIED, … after `withinMs` at the latest */
  run(args: readonly Argument[], withinMs: number): Promise<Reply>;
  close(): Promise<void>;
}

type Client = Awaited<ReturnType<typeof connect>>;

const CONNECT_MS = 5_000;
/** A connection that answers nothing for so long while it is asked is given up. */
const SILENT_MS = 2_000;
const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/** A connected client that is never connected again: its owner asks first where to go. */
export async function connect({ host, port, servername }: ValkeyAddress, { user, passwordFile, caFile }: ValkeyLogin) {
  const ca = caFile === undefined ? undefined : await readOr(caFile, 'MILLRACE_ONLINE_CA_FILE');
  const client = createClient({
    username: user,
    password: (await readOr(passwordFile, 'MILLRACE_ONLINE_PASSWORD_FILE')).replace(/\r?\n$/, ''),
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
    socket: {
      host,
      port,
      tls: true,
      // An address is no name that TLS could ask for; it is checked against the certificate all the same.
      ...(isIP(servername ?? host) === 0 && { servername: servername ?? host }),
      ...(ca !== undefined && { ca }),
      connectTimeout: CONNECT_MS,
      reconnectStrategy: false,
    },
  });
  // Whoever waits for a command is told; without a listener the process would end.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw explainValkey(error, { name: `${host}:${port}`, user });
  }
}

export function valkeyConnection(name: string, login: ValkeyLogin, locate: () => Promise<ValkeyAddress>): ValkeyConnection {
  let opening: Promise<Client> | undefined;
  /** Since when something was asked that nothing was answered after. */
  let asked: number | undefined;

  const open = (): Promise<Client> => {
    opening ??= locate().then((address) => connect(address, login));
    return opening;
  };
  const giveUp = (from: Promise<Client>): void => {
    if (opening === from) {
      opening = undefined;
      asked = undefined;
    }
    from.then((client) => client.isOpen && client.destroy()).catch(() => undefined);
  };

  async function once(args: readonly Argument[]): Promise<Reply> {
    const through = open();
    let sent = false;
    try {
      const client = await through;
      sent = true;
      asked ??= performance.now();
      const reply = (await client.sendCommand(args as Argument[], BYTES)) as Reply;
      asked = undefined;
      return reply;
    } catch (error) {
      // A refusal of the server leaves the connection as it is; all else ends it.
      const client = sent ? await through : undefined;
      if (client === undefined || !client.isReady || isElsewhere(error)) giveUp(through);
      throw error;
    }
  }

  /** Again where it was lost on the way or asked of the wrong one: all that is asked here may be done twice. */
  async function twice(args: readonly Argument[]): Promise<Reply> {
    const before = opening;
    try {
      return await once(args);
    } catch (error) {
      if (!isElsewhere(error) && (before === undefined || opening === before)) throw error;
      return once(args);
    }
  }

  return {
    async run(args, withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          if (opening !== undefined && asked !== undefined && performance.now() - asked > SILENT_MS) giveUp(opening);
          reject(unreachable(name, `none within ${withinMs} ms`));
        }, withinMs);
      });
      try {
        return await Promise.race([twice(args), late]);
      } catch (error) {
        throw explainValkey(error, { name, user: login.user });
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      const client = await opening?.catch(() => undefined);
      opening = undefined;
      if (client?.isOpen !== true) return;
      // One that was asked and says nothing would not say good-bye either.
      if (asked === undefined) await client.close().catch(() => client.destroy());
      else client.destroy();
    },
  };
}

async function readOr(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw featureError('MR_FEATURES_ONLINE_DENIED', `${file} cannot be read`, {
      field: setting,
      value: file,
      expected: 'a file that this process may read',
      cause,
    });
  }
}
