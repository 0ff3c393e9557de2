import type { Bytes } from "../../../ffi/syscalls.ts";
import { refuse } from "./refusal.ts";

/** The first simulated address, and the distance between buffers. */
const BASE = 0x7f00_0000_0000n;
const SLOT = 1n << 32n;

/**
 * The caller's memory, as the kernel sees it: addresses of buffers. It keeps no buffer alive: the address of a freed
 * buffer is invalid.
 */
export class Memory {
  readonly #slots: WeakRef<ArrayBuffer>[] = [];
  readonly #addresses = new WeakMap<ArrayBuffer, bigint>();

  /** The address of a buffer, the same each time. */
  addressOf({ buffer, byteOffset }: Bytes): bigint {
    let address = this.#addresses.get(buffer);
    if (address === undefined) {
      address = BASE + BigInt(this.#slots.length) * SLOT;
      this.#slots.push(new WeakRef(buffer));
      this.#addresses.set(buffer, address);
    }
    return address + BigInt(byteOffset);
  }

  /** A dirty bitmap at an address: one bit per page, in whole 64-bit words. */
  bitmapAt(address: bigint, length: bigint, pageSize: bigint): Bytes {
    const pages = Number((length + pageSize - 1n) / pageSize);
    return this.at(address, Math.ceil(pages / 64) * 8);
  }

  /** The bytes at an address. Refuses with EFAULT if no buffer contains them all. */
  at(address: bigint, length: number): Bytes {
    const buffer = this.#slots[Number((address - BASE) / SLOT)]?.deref();
    const offset = Number((address - BASE) % SLOT);
    if (address < BASE || buffer === undefined || offset + length > buffer.byteLength) {
      refuse("EFAULT");
    }
    return new Uint8Array(buffer, offset, length);
  }
}
