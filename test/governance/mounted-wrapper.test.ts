import assert from 'node:assert/strict';
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { openMountedWrapper } from '../../app/governance/keys/mounted-wrapper.ts';
import type { KeyWrapper } from '../../app/governance/keys/wrapper.ts';
import { refused } from './refused.ts';

const TEXT = 'q7Rt0nXc2KpZ8vLw4YhJ6sBdM1aGfE3uT5iOyN9xCkV';
const MASTER = randomBytes(32);

async function mounted(text: string, work: (wrapper: KeyWrapper, file: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-mounted-'));
  const file = join(dir, 'master-key');
  writeFileSync(file, text);
  const wrapper = openMountedWrapper(file);
  try {
    await work(wrapper, file);
  } finally {
    wrapper.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

test('what is wrapped opens under the same text in another file, with or without a newline, and each wrap of it is another', () =>
  mounted(TEXT, async (first) => {
    const [one, two] = [await first.wrap(MASTER), await first.wrap(MASTER)];
    assert.ok(!one.equals(two) && !one.includes(MASTER));
    for (const text of [`${TEXT}\n`, `${TEXT}\r\n`])
      await mounted(text, async (second) => {
        assert.deepEqual(await second.unwrap(one), MASTER);
        assert.deepEqual(await second.unwrap(two), MASTER);
      });
  }));

test('the key is what HKDF-SHA256 makes of the text, so that what lies in a database opens for ever', () =>
  mounted(`${TEXT}\n`, async (wrapper) => {
    const key = Buffer.from(hkdfSync('sha256', TEXT, '', 'millrace master key wrap', 32));
    const nonce = Buffer.alloc(12, 7);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(Buffer.from('keyring master'));
    const sealed = Buffer.concat([Buffer.of(1), nonce, cipher.update(MASTER), cipher.final()]);
    assert.deepEqual(await wrapper.unwrap(Buffer.concat([sealed, cipher.getAuthTag()])), MASTER);
  }));

test('under another text, changed or cut it does not open, and the setting is named with what to do', () =>
  mounted(TEXT, async (wrapper, file) => {
    const wrapped = await wrapper.wrap(MASTER);
    const changed = Buffer.from(wrapped);
    changed[20] = (changed[20] ?? 0) ^ 1;
    const faults = [await refused(() => wrapper.unwrap(changed)), await refused(() => wrapper.unwrap(wrapped.subarray(1)))];
    writeFileSync(file, TEXT.toLowerCase());
    faults.push(await refused(() => wrapper.unwrap(wrapped)));
    for (const { code, field, value, kind } of faults) {
      assert.deepEqual([code, field, value], ['MR_GOVERNANCE_KEYS_UNREADABLE', 'MILLRACE_KEYS_MASTER_FILE', file]);
      assert.match(kind.next, /Put back .*MILLRACE_KEYS_MASTER_FILE/);
    }
  }));

test('the file is read anew each time, so that a text that was turned counts at once', () =>
  mounted(TEXT, async (wrapper, file) => {
    const before = await wrapper.wrap(MASTER);
    writeFileSync(file, TEXT.toLowerCase());
    const later = await wrapper.wrap(MASTER);
    await refused(() => wrapper.unwrap(before));
    assert.deepEqual(await wrapper.unwrap(later), MASTER);
    writeFileSync(file, TEXT);
    assert.deepEqual(await wrapper.unwrap(before), MASTER);
  }));

test('a text of less than 32 characters, and a file that is not there, are refused by the setting and never shown', () =>
  mounted(TEXT.slice(0, 32), async (wrapper, file) => {
    await wrapper.wrap(MASTER);
    const short = `${TEXT.slice(0, 31)}\n`;
    writeFileSync(file, short);
    const faults = [await refused(() => wrapper.wrap(MASTER)), await refused(() => wrapper.unwrap(randomBytes(61)))];
    rmSync(file);
    faults.push(await refused(() => wrapper.wrap(MASTER)));
    for (const fault of faults) {
      assert.deepEqual([fault.code, fault.field], ['MR_GOVERNANCE_KEYS_MASTER_UNFIT', 'MILLRACE_KEYS_MASTER_FILE']);
      assert.ok(!inspect(fault, { depth: null }).includes(short.slice(0, 8)));
    }
  }));
