import { homedir } from 'node:os';

/** What a client of the AWS SDK throws, as far as it is used here. */
interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number; readonly requestId?: string };
}

const metadataOf = (error: unknown) => (error as Partial<Thrown> | undefined)?.$metadata;
export const statusOf = (error: unknown): number | undefined => metadataOf(error)?.httpStatusCode;
export const attemptsOf = (error: unknown): number => metadataOf(error)?.attempts ?? 1;
export const nameOf = (error: unknown): string => String((error as Partial<Thrown> | undefined)?.name);

/** Of the client itself, before it asks: nobody told it who it is. */
export const NO_IDENTITY = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;

/** Codes of the network and of TLS; those of this machine's files are not among them. */
const NETWORK =
  /^(E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN|PROTO)|ERR_(TLS|SSL|STREAM_PREMATURE)\w*|HPE_\w+|\w*(CERT|SIGNATURE|ISSUER)\w*)$/;

/** Whether the same request may well succeed later: the server is away, overloaded, or its answer broke off. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined && status !== 200 && status !== 206) return status >= 500 || [408, 409, 429].includes(status);
  const { name = '', message = '', code = '' } = error as Partial<Thrown>;
  return name === 'TimeoutError' || NETWORK.test(code) || message.startsWith('Checksum mismatch');
}

/** What was thrown, in its own words. The error itself goes no further: it holds the request that was signed. */
export function wordsOf(error: Error): string {
  const status = statusOf(error);
  return `${error.name}: ${error.message}${status === undefined ? '' : ` (status ${status}, request ${metadataOf(error)?.requestId})`}`;
}

/** The SDK looks for files of its own in the user's home, and fails where there is no such thing, as in a container. */
export function ensureHome(): void {
  try {
    homedir();
  } catch {
    process.env['HOME'] = '/nonexistent';
  }
}
