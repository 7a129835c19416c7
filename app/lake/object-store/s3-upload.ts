import { type FileHandle, open } from 'node:fs/promises';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';

/** Part of a large file, and of memory; S3 takes 10,000 of them, so 160 GB. */
export const PART_BYTES = 16 * 1024 ** 2;

/** Puts a file of any size: whole where it is small, else in parts, which become visible together. One part is in memory at a time. */
export async function upload(
  client: S3Client,
  at: { readonly Bucket: string; readonly Key: string },
  path: string,
): Promise<void> {
  const sdk = await import('@aws-sdk/client-s3');
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size <= PART_BYTES) {
      await client.send(new sdk.PutObjectCommand({ ...at, Body: await slice(file, 0, size) }));
      return;
    }
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'CRC32' }));
    const upload = { ...at, UploadId };
    try {
      const parts: CompletedPart[] = [];
      for (let from = 0; from < size; from += PART_BYTES) {
        const PartNumber = parts.length + 1;
        const Body = await slice(file, from, Math.min(PART_BYTES, size - from));
        const { ETag, ChecksumCRC32 } = await client.send(
          new sdk.UploadPartCommand({ ...upload, PartNumber, Body, ChecksumAlgorithm: 'CRC32' }),
        );
        parts.push({ PartNumber, ETag, ChecksumCRC32 });
      }
      await client.send(new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
    } catch (error) {
      await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined);
      throw error;
    }
  } finally {
    await file.close();
  }
}

async function slice(file: FileHandle, from: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  for (let filled = 0; filled < bytes; ) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, from + filled);
    if (bytesRead === 0) throw new Error(`the file ends ${bytes - filled} bytes early`);
    filled += bytesRead;
  }
  return buffer;
}
