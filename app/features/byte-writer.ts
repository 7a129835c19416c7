/** Appends numbers and texts to a growing buffer; `ByteReader` reads them back. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(512);
  #length = 0;

  /** A whole number from 0 to 2^53 - 1: seven bits a byte, lowest first. */
  unsigned(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  /** A whole number within ±(2^53 - 1). The sign is the lowest bit of the first byte: zigzag would need a 54th bit. */
  signed(value: number): void {
    this.#room(9);
    const size = Math.abs(value);
    const rest = Math.floor(size / 0x40);
    this.#buffer[this.#length++] = (size % 0x40) * 2 + (value < 0 ? 1 : 0) + (rest > 0 ? 0x80 : 0);
    if (rest > 0) this.unsigned(rest);
  }

  double(value: number): void {
    this.#room(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** UTF-8 with its length before it. */
  text(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.unsigned(bytes.length);
    this.bytes(bytes);
  }

  /** One bit for each flag, lowest first. */
  flags(flags: readonly boolean[]): void {
    const bytes = Buffer.alloc(Math.ceil(flags.length / 8));
    flags.forEach((flag, i) => {
      if (flag) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
    });
    this.bytes(bytes);
  }

  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  #room(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + more));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
