import { join } from 'node:path';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';

// Appends rows `<name>-0` … `<name>-<count - 1>` to shop.row, one commit each, compacting on the way; the folder, the name and the count are arguments.
const [, , dir = '', name = '', count = '0'] = process.argv;
const lake = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
  scratchDir: join(dir, 'scratch'),
  clock: systemClock,
});
for (let index = 0; index < Number(count); index += 1) {
  const add = [await lake.stage('shop.row', [{ id: `${name}-${index}` }])];
  await lake.commit('shop.row', { operation: 'WRITE', add, txn: [{ appId: name, version: index + 1, after: index }] });
  if (index % 9 === 8) await lake.compact('shop.row').catch(() => undefined);
}
await lake.close();
