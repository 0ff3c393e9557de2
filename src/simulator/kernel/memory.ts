import type { Bytes } from "../../../ffi/syscalls.ts";
import { refuse } from "./refusal.ts";

/** The caller's memory, as a kernel sees it: addresses with buffers behind them. */
export interface Memory {
  /** A buffer's address, alike each time. */
  addressOf(buffer: Bytes): bigint;
  /** The bytes at an address. Refuses with EFAULT where no buffer holds all of them. */
  at(address: bigint, length: number): Bytes;
}

/** Where made-up addresses start, and how far apart buffers lie. */
const BASE = 0x7f00_0000_0000n;
const SLOT = 1n << 32n;

/** Empty memory. It keeps no buffer alive: the address of one that its owner let go leads nowhere. */
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
