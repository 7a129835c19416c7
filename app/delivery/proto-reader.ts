/** One field of a protobuf message: bytes for text, bytes and messages, a number for the rest. */
export interface Field {
  readonly number: number;
  readonly value: Buffer | bigint;
}

const WIRE = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

/** Splits a protobuf message into its fields (protobuf.dev/programming-guides/encoding). @throws RangeError for broken bytes */
export function protoFields(message: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at];
      if (byte === undefined) throw new RangeError(`the message ends inside a number, at byte ${at}`);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`a number is longer than 10 bytes, at byte ${at}`);
  };
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError(`the message ends inside a field, at byte ${at}`);
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number === 0) throw new RangeError(`field number 0 at byte ${at}`);
    if (wire === WIRE.varint) fields.push({ number, value: varint() });
    else if (wire === WIRE.fixed64) fields.push({ number, value: take(8) });
    else if (wire === WIRE.fixed32) fields.push({ number, value: take(4) });
    else if (wire === WIRE.length) fields.push({ number, value: take(Number(varint())) });
    else throw new RangeError(`wire type ${wire} at byte ${at}`);
  }
  return fields;
}

/** Text of a field; empty where the message does not hold it. */
export function textOf(fields: readonly Field[], number: number): string {
  const value = fields.find((field) => field.number === number)?.value;
  return Buffer.isBuffer(value) ? value.toString('utf8') : '';
}
