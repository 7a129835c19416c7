import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { GateSigner } from '../../app/governance/keys/gate-signer.ts';
import { openMountedWrapper } from '../../app/governance/keys/mounted-wrapper.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { openPostgresKeys } from '../../app/governance/keys/postgres.ts';
import type { DatabaseUser } from '../../app/registry/metadata/users.ts';
import { signerOf } from '../governance/gate-key.ts';
import { cloudNativePg, type DatabaseGround, databaseGround, rds } from './database-ground.ts';

const DENIED = { code: 'MR_REGISTRY_METADATA_DENIED' };

for (const provider of [rds, cloudNativePg])
  describe(`who may do what with keys, where users are made as ${provider.name} makes them`, () => {
    let ground: DatabaseGround;
    let master: string;
    const opened: KeyStore[] = [];
    const open = async (user: DatabaseUser, gate?: GateSigner): Promise<KeyStore> => {
      const keys = await openPostgresKeys({
        database: ground.as(user),
        wrapper: openMountedWrapper(master),
        readyMs: 100,
        staleMs: 0,
        ...(gate !== undefined && { gate }),
      });
      opened.push(keys);
      return keys;
    };
    before(async () => {
      ground = await databaseGround(provider);
      master = ground.server.passwordFile('m'.repeat(43));
      assert.equal((await ground.migrate()).code, 0);
    });
    after(async () => {
      for (const keys of opened) await keys.close();
      await ground.server.stop();
    });

    test('the user that keeps the keys makes their tables, and no other', async () => {
      for (const user of ['gate', 'writer'] as const)
        await assert.rejects(open(user), { code: 'MR_GOVERNANCE_KEYS_ABSENT' }, user);
      const keys = await open('keys');
      const ada = await keys.subject('ada');
      for (const user of ['gate', 'writer'] as const)
        assert.equal((await (await open(user)).known('ada'))?.pseudonym, ada.pseudonym);
      await assert.rejects(open('reader'), { code: /MR_/ });
    });

    test('training and gate make keys and erase nobody', async () => {
      for (const user of ['gate', 'writer'] as const) {
        const keys = await open(user);
        await keys.subject(`met by ${user}`);
        await keys.sign(Buffer.from('x'));
        await assert.rejects(keys.erase(`met by ${user}`), DENIED, user);
        assert.ok(await keys.known(`met by ${user}`));
      }
      assert.ok(await (await open('keys')).erase('met by writer'));
    });

    test("nobody but the gate's user says what the gate's key is, and it cannot take one back", async () => {
      const bytes = Buffer.from('verdict: passed');
      for (const user of ['writer', 'keys'] as const)
        await assert.rejects((await open(user, signerOf())).sign(bytes, 'gate'), DENIED, user);
      const verdict = await (await open('gate', signerOf())).sign(bytes, 'gate');
      for (const user of ['gate', 'writer', 'keys'] as const) {
        const keys = await open(user);
        assert.equal(await keys.verify(bytes, verdict, 'gate'), true, user);
        assert.equal(await keys.verify(bytes, await keys.sign(bytes), 'gate'), false, 'by the key of the platform');
      }
      for (const statement of [`delete from gate.keys`, `update gate.keys set open = ''`])
        await assert.rejects(ground.say('gate', [statement]), /permission denied/);
      assert.equal((await ground.migrate()).code, 0);
      assert.equal(await (await open('writer')).verify(bytes, verdict, 'gate'), true, 'after another run of the layout');
    });
  });
