import { openShop } from './shop.ts';

/** Trains in the data folder named by the first argument and prints the release's address. */
const opened = await openShop(process.argv[2] ?? '');
const { prefix, files } = await opened.train();
process.stdout.write(JSON.stringify({ prefix, files }));
await opened.close();
