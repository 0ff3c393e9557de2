import type { Bytes } from "../../../ffi/syscalls.ts";
import { refuse } from "./refusal.ts";

/** The caller's memory, as the kernel sees it: addresses of buffers. */
export interface Memory {
  /** The address of a buffer, the same each time. */
  addressOf(buffer: Bytes): bigint;
  /** The bytes at an address. Refuses with EFAULT if no buffer contains them all. */
  at(address: bigint, length: number): Bytes;
}

/** The first simulated address, and the distance between buffers. */
const BASE = 0x7f00_0000_0000n;
const SLOT = 1n << 32n;

/** Empty memory. It keeps no buffer alive: the address of a freed buffer is invalid. */
export function createMemory(): Memory {
  const slots: WeakRef<ArrayBuffer>[] = [];
  const addresses = new WeakMap<ArrayBuffer, bigint>();
  return {
    addressOf(buffer) {
      let address = addresses.get(buffer.buffer);
      if (address === undefined) {
        address = BASE + BigInt(slots.length) * SLOT;
        slots.push(new WeakRef(buffer.buffer));
        addresses.set(buffer.buffer, address);
      }
      return address + BigInt(buffer.byteOffset);
    },
    at(address, length) {
      const slot = Number((address - BASE) / SLOT);
      const offset = Number((address - BASE) % SLOT);
      const buffer = slots[slot]?.deref();
      if (address < BASE || buffer === undefined || offset + length > buffer.byteLength) {
        refuse("EFAULT");
      }
      return new Uint8Array(buffer, offset, length);
    },
  };
}
