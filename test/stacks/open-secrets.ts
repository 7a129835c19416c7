import type { Resource } from '../../policies/rule.ts';

/** How the SDK hands a secret to the engine: an object with this key, and the value beside it. */
const MARKER = '4dabf18193072939515e22adb298388d';
export const isSecret = (value: unknown): boolean => typeof value === 'object' && value !== null && MARKER in value;

/** Inputs that hold a credential by their nature, by type. */
const BY_NATURE: Readonly<Record<string, string>> = {
  'aws:secretsmanager/secretVersion:SecretVersion': 'secretString',
  'aws:elasticache/user:User': 'authenticationMode',
};

const NAMED_SECRET = /password|secret|token|private-?key|passphrase/i;
/** A name that says so, and what is assigned to it, in a script or a file of settings. */
const ASSIGNED = /(?:password|secret|token|private-?key|passphrase)["']?\s*[:=]\s*["']?(?<value>[A-Za-z0-9+/_=-]{20,})/gi;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** A long word that is no name: names here are in lower case, and no hash. */
const looksRandom = (text: string): boolean =>
  /^[A-Za-z0-9+/_=-]{20,}$/.test(text) && (!/^[a-z][a-z0-9-]*$/.test(text) || /^[0-9a-f]{32,}$/.test(text));

/** Where a resource shows a credential to whoever reads the state or the object: paths of its inputs. */
export function openSecrets({ type, props }: Pick<Resource, 'type' | 'props'>): readonly string[] {
  const known = BY_NATURE[type];
  return [...(known === undefined || isSecret(props[known]) ? [] : [known]), ...within(props, '')];
}

function within(value: unknown, path: string): readonly string[] {
  if (isSecret(value)) return [];
  if (typeof value === 'string') return inText(value, path);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => within(inner, path === '' ? key : `${path}.${key}`));
}

function inText(text: string, path: string): readonly string[] {
  const parsed = objectOf(text);
  if (parsed !== undefined) return within(parsed, path);
  const assigned = [...text.matchAll(ASSIGNED)].some(({ groups }) => looksRandom(groups?.['value'] ?? ''));
  return assigned || PRIVATE_KEY.test(text) || (NAMED_SECRET.test(path) && looksRandom(text)) ? [path] : [];
}

/** Many inputs are documents of their own. */
function objectOf(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
