import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ingestionError } from './errors.ts';
import { readFileRows } from './file-rows.ts';

/** Stands beside an upload as `<file>.manifest.json`, written last: without it the file is not whole. */
export interface Manifest {
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
}

export const manifestPath = (path: string): string => `${path}.manifest.json`;

/** SHA-256 and length of a file. @throws MR_INGESTION_FILE_MISSING */
export async function digestOf(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (cause) {
    throw ingestionError('MR_INGESTION_FILE_MISSING', `there is no file ${path}`, {
      field: 'file',
      value: path,
      expected: 'a readable file',
      cause,
    });
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Reads the whole file and writes its manifest, in one rename. */
export async function writeManifest(path: string): Promise<Manifest> {
  let rows = 0;
  for await (const _ of readFileRows(path)) rows += 1;
  const manifest = { ...(await digestOf(path)), rows };
  const target = manifestPath(path);
  await writeFile(`${target}.part`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  await rename(`${target}.part`, target);
  return manifest;
}

/**
 * The manifest, with the file checked against it.
 * @throws MR_INGESTION_MANIFEST_MISSING, MR_INGESTION_MANIFEST_INVALID, MR_INGESTION_UPLOAD_INCOMPLETE
 */
export async function checkedManifest(path: string): Promise<Manifest> {
  const manifest = await readManifest(path);
  const size = (await stat(path).catch(() => undefined))?.size;
  const differs = (field: keyof Manifest, value: unknown) =>
    ingestionError('MR_INGESTION_UPLOAD_INCOMPLETE', `${basename(path)} is not the file of its manifest: ${field} is ${value}`, {
      field,
      value,
      expected: String(manifest[field]),
    });
  // The length first: half a file is told without reading it.
  if (size !== undefined && size !== manifest.bytes) throw differs('bytes', size);
  const { sha256 } = await digestOf(path);
  if (sha256 !== manifest.sha256) throw differs('sha256', sha256);
  return manifest;
}

async function readManifest(path: string): Promise<Manifest> {
  const file = manifestPath(path);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ingestionError('MR_INGESTION_MANIFEST_MISSING', `${basename(path)} has no manifest: it may be half of a file`, {
      field: 'manifest',
      value: file,
      expected: 'a manifest beside the file',
      cause,
    });
  });
  const read = parsed(text);
  const whole = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  if (typeof read?.sha256 === 'string' && /^[0-9a-f]{64}$/.test(read.sha256) && whole(read.bytes) && whole(read.rows))
    return read as Manifest;
  throw ingestionError('MR_INGESTION_MANIFEST_INVALID', `${file} is no manifest`, {
    field: 'manifest',
    value: file,
    expected: '{"sha256": "<64 hex>", "bytes": number, "rows": number}',
  });
}

function parsed(text: string): Partial<Manifest> | undefined {
  try {
    return (JSON.parse(text) ?? undefined) as Partial<Manifest> | undefined;
  } catch {
    return undefined;
  }
}
