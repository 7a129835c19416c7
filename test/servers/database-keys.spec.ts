import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { GateSigner } from '../../app/governance/keys/gate-signer.ts';
import { openMountedWrapper } from '../../app/governance/keys/mounted-wrapper.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { openPostgresKeys } from '../../app/governance/keys/postgres.ts';
import { keyIdOf } from '../../app/governance/keys/signing-keys.ts';
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

    test('the user that keeps the keys makes the first keys, and no other', async () => {
      for (const user of ['gate', 'writer'] as const)
        await assert.rejects(open(user), { code: 'MR_GOVERNANCE_KEYS_ABSENT' }, user);
      const keys = await open('keys');
      const ada = await keys.subject('ada');
      for (const user of ['gate', 'writer'] as const)
        assert.equal((await (await open(user)).known('ada'))?.pseudonym, ada.pseudonym);
      await assert.rejects(open('reader'), { code: 'MR_GOVERNANCE_KEYS_ABSENT' });
    });

    test('nobody whose tables others read hangs anything on them, takes them away, or says which number an erasure has', async () => {
      for (const user of ['keys', 'writer', 'gate'] as const)
        for (const statement of [
          'create table keyring.mine ()',
          'create function keyring.f() returns boolean language sql return true',
          'alter table keyring.master enable row level security',
          'create policy p on keyring.subjects using (true)',
          'create trigger t before insert on keyring.subjects for each row execute function suppress_redundant_updates_trigger()',
          'drop table keyring.subjects',
          'truncate keyring.subjects',
          'update keyring.subjects set wrapped = lookup',
          'update keyring.master set wrapped = wrapped',
          'delete from keyring.erased',
          `insert into keyring.erased (number, pseudonym) overriding system value values (9000000000000000, 'x')`,
          `insert into keyring.signing (number, key_id, wrapped) overriding system value values (-1, 'x', 'x')`,
          'insert into keyring.layout values (9)',
          'create schema mine',
        ])
          await assert.rejects(ground.say(user, [statement]), /permission denied|must be owner/, `${user}: ${statement}`);
      for (const user of ['writer', 'gate'] as const)
        for (const statement of [
          `insert into keyring.erased (pseudonym) values ('x')`,
          `insert into keyring.signing (key_id, wrapped) values ('x', 'x')`,
          `insert into keyring.master (wrapped) values ('x')`,
        ])
          await assert.rejects(ground.say(user, [statement]), /permission denied/, `${user}: ${statement}`);
    });

    test('a signing key that was put there without the master key signs nothing, and the true one goes on', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const bytes = Buffer.from('verdict: passed');
      const before = await (await open('writer')).sign(bytes);
      await ground.say('keys', [`insert into keyring.signing (key_id, wrapped) values ('${keyIdOf(publicKey)}', 'put here')`]);
      const forged = { keyId: keyIdOf(publicKey), value: sign(null, bytes, privateKey).toString('base64') };
      const keys = await open('writer');
      assert.equal(await keys.verify(bytes, forged), false);
      assert.equal((await keys.sign(bytes)).keyId, before.keyId);
      assert.equal(await keys.verify(bytes, before), true);
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
