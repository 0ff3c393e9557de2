import { configSizeOf, openAsQemu, type PciSource } from "./open_as_qemu.ts";
import { type PciField, pciFieldAt } from "./pci_fields.ts";
import type { PairSetting } from "./qemu_setting.ts";

/** A register in which QEMU finds two devices different, with what it reads on each side. */
export interface PciDifference {
  field: PciField;
  source: string;
  target: string;
}

/** What becomes of a migration by the PCI configurations: QEMU refuses by a difference, or does not start at all. */
export interface PciComparison {
  differences: readonly PciDifference[];
  /** Why QEMU does not start with the target's device, null where it does. */
  problem: string | null;
}

/**
 * Where QEMU finds the target's configuration space different from what the source's sends, and so refuses the migration
 * with `Bad config data`.
 *
 * Source: QEMU, hw/pci/pci.c `get_pci_config_device`, which takes what the target's masks say. A source of another size
 * sends another number of bytes, and the stream is not understood.
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
  const sent = openAsQemu(source, setting.source).config;
  const { config, cmask, wmask, w1cmask } = ours;
  const differences: PciDifference[] = [];
  for (let i = 0; i < config.length; i++) {
    if (((sent[i]! ^ config[i]!) & cmask[i]! & ~wmask[i]! & ~w1cmask[i]!) === 0) continue;
    const field = pciFieldAt(config, i);
    if (field.at < (differences.at(-1)?.field.at ?? -1) + 1) continue;
    differences.push({ field, source: read(sent, field), target: read(config, field) });
  }
  return { differences, problem: null };
}

function sizeDiffers([source, target]: readonly [number, number]): PciDifference {
  const field = { at: 0, bytes: 0, name: "size of the configuration space" };
  return { field, source: String(source), target: String(target) };
}

/** A register in hexadecimal, the most significant byte first. */
function read(config: Uint8Array, { at, bytes }: PciField): string {
  return config.slice(at, at + bytes).reverse().toHex();
}
