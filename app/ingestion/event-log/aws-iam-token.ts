import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SignatureV4 } from '@smithy/signature-v4';

/** MSK takes a token for as long. */
const SECONDS = 900;

type Credentials = ReturnType<typeof defaultProvider>;
let own: Credentials | undefined;

/**
 * What MSK takes for a password: the signed address of an action that nobody calls, in base64url.
 * The same as AWS's own package aws-msk-iam-sasl-signer-js makes, but for the client's name.
 */
export async function awsIamToken(region: string, provider?: Credentials, now = new Date()): Promise<string> {
  own ??= defaultProvider();
  const credentials = await (provider ?? own)();
  const left = (credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - now.getTime();
  const signer = new SignatureV4({ service: 'kafka-cluster', region, credentials, sha256: Sha256 });
  const hostname = `kafka.${region}.amazonaws.com`;
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      headers: { host: hostname },
      query: { Action: 'kafka-cluster:Connect' },
    },
    { expiresIn: Math.min(SECONDS, Math.floor(left / 1_000)), signingDate: now },
  );
  const query = Object.entries({ ...signed.query, 'User-Agent': 'millrace' })
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .sort();
  return Buffer.from(`https://${hostname}/?${query.join('&')}`).toString('base64url');
}

/** As the signer wants its hash: keyed where it is made with a secret. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new RangeError('a hash is used once');
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
