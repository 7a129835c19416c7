import { after, before } from 'node:test';
import { openS3Objects } from '../../app/lake/object-store/s3.ts';
import { objectStoreContract } from '../contracts/object-store.ts';
import { type S3Server, startS3 } from './versitygw.ts';

let server: S3Server;
before(async () => {
  server = await startS3();
});
after(() => server.stop());

objectStoreContract('S3', async () => {
  const options = await server.bucket();
  const opened: { close(): Promise<void> }[] = [];
  const open = async () => {
    const store = await openS3Objects(options);
    opened.push(store);
    return store;
  };
  return {
    store: await open(),
    open,
    async end() {
      for (const store of opened) await store.close();
    },
  };
});
