import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';

/** Appends without end and prints what was acknowledged; its parent kills it. */
const [dir = '', round = '0'] = process.argv.slice(2);
const log = await openEmbeddedLog(dir, { segmentBytes: 200_000 });
await log.ensureTopic({ name: 'busy', partitions: 3 });
for (let n = 0; ; n += 10) {
  const values = Array.from({ length: 10 }, (_, i) => `${round}-${n + i}`);
  await log.append(
    'busy',
    values.map((value, i) => ({ key: String(i), value: Buffer.from(value.padEnd(2000)) })),
  );
  process.stdout.write(`${values.join(' ')}\n`);
}
