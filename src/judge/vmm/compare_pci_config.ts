import { configSizeOf, openAsQemu, type PciSource } from "./open_as_qemu.ts";
import { type PciField, pciFieldsAt } from "./pci_fields.ts";
import type { QemuPciDevice } from "./qemu_pci_device.ts";
import type { PairSetting, QemuSetting } from "./qemu_setting.ts";

/** A register in which QEMU finds two devices different, and its value on each side. Values are formatted on demand. */
export interface PciDifference {
  field: PciField;
  readonly source: string;
  readonly target: string;
}

/** The effect of the PCI configurations on a migration: QEMU refuses a difference, or does not start at all. */
export interface PciComparison {
  differences: readonly PciDifference[];
  /** Why QEMU does not start with the target's device. Null if it does. */
  problem: string | null;
}

/**
 * Finds the registers in which the target's configuration space differs from what the source's QEMU sends. The target's
 * QEMU then refuses the migration with `Bad config data`.
 *
 * Source: QEMU, hw/pci/pci.c `get_pci_config_device`, which applies the target's masks. A source of a different size
 * sends a different number of bytes, and QEMU cannot parse the stream.
 */
export function compareAsQemu(
  source: PciSource,
  target: PciSource,
  setting: PairSetting,
): PciComparison {
  const ours = openAsQemu(target, setting.target);
  if (ours.problem !== null) return { differences: [], problem: ours.problem };
  const sizes = [configSizeOf(source.space), configSizeOf(target.space)] as const;
  if (sizes[0] !== sizes[1]) return { differences: [sizeDiffers(sizes)], problem: null };
  const sent = sentBy(source, setting.source);
  const differences = pciFieldsAt(ours.config, comparedOffsets(sent, ours))
    .map((field) => differs(field, sent, ours.config));
  return { differences, problem: null };
}

/** What sources send, by their settings. Kept, because one source is compared with many targets. */
const SENT = new WeakMap<PciSource, Map<string, Uint8Array>>();

/** The configuration space that the source's QEMU sends. */
function sentBy(source: PciSource, setting: QemuSetting): Uint8Array {
  const sent = SENT.get(source) ?? new Map<string, Uint8Array>();
  SENT.set(source, sent);
  const key = JSON.stringify(setting);
  const config = sent.get(key) ?? openAsQemu(source, setting).config;
  sent.set(key, config);
  return config;
}

/**
 * The offsets of bytes that are compared and differ. Most words are equal; only the others are compared byte by byte.
 */
function comparedOffsets(
  sent: Uint8Array,
  { config, cmask, wmask, w1cmask }: QemuPciDevice,
): number[] {
  const [theirs, ours] = [new Uint32Array(sent.buffer), new Uint32Array(config.buffer)];
  const offsets: number[] = [];
  for (let word = 0; word < ours.length; word++) {
    if (theirs[word] === ours[word]) continue;
    for (let i = 4 * word; i < 4 * word + 4; i++) {
      const compared = cmask[i]! & ~wmask[i]! & ~w1cmask[i]!;
      if (((sent[i]! ^ config[i]!) & compared) !== 0) offsets.push(i);
    }
  }
  return offsets;
}

function differs(field: PciField, sent: Uint8Array, config: Uint8Array): PciDifference {
  return {
    field,
    get source() {
      return read(sent, field);
    },
    get target() {
      return read(config, field);
    },
  };
}

function sizeDiffers([source, target]: readonly [number, number]): PciDifference {
  const field = { at: 0, bytes: 0, name: "size of the configuration space" };
  return { field, source: String(source), target: String(target) };
}

/** A register in hexadecimal, the most significant byte first. */
function read(config: Uint8Array, { at, bytes }: PciField): string {
  return config.slice(at, at + bytes).reverse().toHex();
}
