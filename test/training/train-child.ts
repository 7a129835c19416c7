import { pino } from 'pino';
import { openCheckpoint } from '../../app/training/checkpoint.ts';
import { CHECKPOINTS, openShop } from './shop.ts';

/**
 * Trains in the data folder named by the first argument and prints the release's address. A second argument names the run
 * whose attempts go on from each other; what it does is then told on standard error.
 */
const [, , dir = '', run] = process.argv;
const opened = await openShop(dir);
const { objects } = opened;
const checkpoint = run && openCheckpoint({ objects, logger: pino({ level: 'silent' }), prefix: CHECKPOINTS, run });
const onProgress = (message: string) => process.stderr.write(`${message}\n`);
const { prefix, files } = await opened.train(checkpoint ? { checkpoint, onProgress } : {});
if (checkpoint) await checkpoint.end();
process.stdout.write(JSON.stringify({ prefix, files }));
await opened.close();
