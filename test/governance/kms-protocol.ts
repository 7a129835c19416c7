import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What it answers in place of what was asked: a fault by KMS's name of it, or nothing at all. */
export type Mood = { readonly fault: string; readonly message?: string; readonly status?: number } | 'silent';

interface Asked {
  readonly KeyId: string;
  readonly Message: string;
  readonly MessageType: string;
  readonly SigningAlgorithm: string;
}

export interface KmsProtocol {
  readonly endpoint: string;
  /** Operations that were asked for, with the region and service that each request was signed for. */
  readonly seen: readonly { readonly operation: string; readonly scope: string }[];
  /** Another pair behind the same name. @default 'both' halves, or only that which signs */
  turn(what?: 'both' | 'private'): void;
  /** From now on; undefined: it does what is asked. */
  be(mood: Mood | undefined): void;
  close(): Promise<void>;
}

const ALGORITHM = 'ED25519_SHA_512';

/**
 * This is not KMS: it speaks KMS's protocol (AWS JSON 1.1) about one Ed25519 pair, and holds requests to what KMS's reference
 * says of such pairs, since no server of KMS that could run here makes any. Nobody is known to it, and nothing refused.
 */
export async function speakKms(): Promise<KmsProtocol> {
  let pair = generateKeyPairSync('ed25519');
  let signing: KeyObject = pair.privateKey;
  let mood: Mood | undefined;
  const seen: { operation: string; scope: string }[] = [];

  const answer = (operation: string, asked: Asked): object => {
    if (operation === 'GetPublicKey') {
      const PublicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
      return { KeyId: asked.KeyId, PublicKey, KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' };
    }
    if (operation !== 'Sign') return { __type: 'UnsupportedOperationException' };
    const { SigningAlgorithm } = asked;
    if (SigningAlgorithm !== ALGORITHM) return { __type: 'InvalidKeyUsageException', message: `not ${SigningAlgorithm}` };
    const message = Buffer.from(asked.Message, 'base64');
    if (asked.MessageType !== 'RAW') return { __type: 'ValidationException', message: `not ${asked.MessageType}` };
    if (message.length < 1 || message.length > 4_096)
      return { __type: 'ValidationException', message: `${message.length} bytes` };
    return { KeyId: asked.KeyId, Signature: sign(null, message, signing).toString('base64'), SigningAlgorithm };
  };

  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '');
    const [, scope = ''] = /Credential=[^/]+\/\d+\/([^/]+\/[^/]+)\//.exec(String(request.headers.authorization)) ?? [];
    seen.push({ operation, scope });
    if (mood === 'silent') return;
    const said =
      mood === undefined
        ? answer(operation, JSON.parse(Buffer.concat(parts).toString()) as Asked)
        : { __type: mood.fault, message: mood.message };
    response.writeHead('__type' in said ? (mood?.status ?? 400) : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    turn(what = 'both') {
      const next = generateKeyPairSync('ed25519');
      signing = next.privateKey;
      if (what === 'both') pair = next;
    },
    be(next) {
      mood = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
