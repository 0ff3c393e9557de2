import type { PciBar } from "../../documents/mod.ts";
import {
  addCapability,
  type Capability,
  getLong,
  getWord,
  type QemuPciDevice,
  setLong,
  setWord,
} from "./qemu_pci_device.ts";
import type { QemuSetting } from "./qemu_setting.ts";

const PCI_CAP_FLAGS = 2;

const PCI_PM_CTRL = 4;
const PCI_PM_CTRL_STATE_MASK = 0x3;
const PCI_PM_SIZEOF = 8;

/** Since QEMU 10.0, the power state may differ, and bytes after the first eight do not belong to the capability. */
export function addPowerManagement(
  device: QemuPciDevice,
  capability: Capability,
  { boundsPowerManagement }: QemuSetting,
): void {
  if (!boundsPowerManagement) return addCapability(device, capability);
  addCapability(device, { ...capability, size: PCI_PM_SIZEOF });
  setWord(device.wmask, capability.at + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
}

const PCI_MSI_FLAGS_ENABLE = 0x01;
const PCI_MSI_FLAGS_QSIZE = 0x70;
const PCI_MSI_FLAGS_64BIT = 0x80;
const PCI_MSI_FLAGS_MASKBIT = 0x100;

/**
 * QEMU keeps the flags for vectors, width and masking. Address, data, masks and pending bits are zero on both sides,
 * because the machine is reset before it runs or loads.
 *
 * Source: QEMU, hw/pci/msi.c `msi_init`, `msi_reset`, hw/vfio/pci.c `vfio_msi_setup`.
 */
export function addMsi(device: QemuPciDevice, { id, at }: Capability): void {
  const { config, wmask } = device;
  const flags = getWord(config, at + PCI_CAP_FLAGS);
  const [is64, masks] = [
    (flags & PCI_MSI_FLAGS_64BIT) !== 0,
    (flags & PCI_MSI_FLAGS_MASKBIT) !== 0,
  ];
  const order = flags >> 1 & 7;
  if (order > 5) device.problem ??= `it has 2^${order} MSI vectors, more than 32`;
  addCapability(device, { id, at, size: (is64 ? 0x0e : 0x0a) + (masks ? 0x0a : 0) });
  setWord(
    config,
    at + PCI_CAP_FLAGS,
    order << 1 | flags & (PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT),
  );
  setWord(wmask, at + PCI_CAP_FLAGS, PCI_MSI_FLAGS_QSIZE | PCI_MSI_FLAGS_ENABLE);
  setLong(wmask, at + 4, 0xfffffffc);
  if (is64) setLong(wmask, at + 8, 0xffffffff);
  const data = at + (is64 ? 12 : 8);
  setWord(wmask, data, 0xffff);
  if (masks) setLong(wmask, data + 4, 0xffffffff >>> 32 - (1 << order));
  config.fill(0, at + 4, data + 2);
  if (masks) config.fill(0, data + 4, data + 12);
}

const MSIX_CONTROL_OFFSET = 3;
const MSIX_CAP_LENGTH = 12;
const PCI_MSIX_FLAGS_QSIZE = 0x7ff;
const MSIX_ENABLE_AND_MASKALL = 0xc0;

/**
 * QEMU keeps the size of the table, and the locations of the table and the pending bits.
 *
 * Source: QEMU, hw/pci/msix.c `msix_init`, hw/vfio/pci.c `vfio_msix_early_setup`, except for two vendors' devices, for
 * which QEMU corrects the location of the pending bits.
 */
export function addMsix(
  device: QemuPciDevice,
  { id, at }: Capability,
  bars: readonly PciBar[],
): void {
  const { config, wmask } = device;
  const entries = (getWord(config, at + PCI_CAP_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
  const table = { at: getLong(config, at + 4), size: 16 * entries };
  const pending = { at: getLong(config, at + 8), size: Math.ceil(entries / 64) * 8 };
  const fits = ({ at, size }: { at: number; size: number }) =>
    bars.some((bar) => bar.index === (at & 7) && (at & ~7) + size <= bar.size);
  const overlap = (table.at & 7) === (pending.at & 7) && table.at < pending.at + pending.size &&
    pending.at < table.at + table.size;
  if (!fits(table) || !fits(pending) || overlap) {
    device.problem ??= "its MSI-X table and pending bits do not fit into its BARs";
  }
  addCapability(device, { id, at, size: MSIX_CAP_LENGTH });
  setWord(config, at + PCI_CAP_FLAGS, entries - 1);
  wmask[at + MSIX_CONTROL_OFFSET]! |= MSIX_ENABLE_AND_MASKALL;
}

const PCI_EXP_FLAGS_VERS = 0x000f;
const PCI_EXP_FLAGS_TYPE = 0x00f0;
const PCI_EXP_TYPE_ENDPOINT = 0x0;
const PCI_EXP_TYPE_LEG_END = 0x1;
const PCI_EXP_TYPE_RC_END = 0x9;
const PCI_EXP_LNKCAP = 0x0c;
const PCI_EXP_LNKCTL = 0x10;
const PCI_EXP_LNKCAP2 = 0x2c;
/** One lane at 2.5 GT/s. */
const LINK_MADE_UP = 0x11;

/**
 * QEMU turns a device on the root complex into an integrated endpoint without a link, and an integrated endpoint below
 * a port into an endpoint with a link.
 *
 * Source: QEMU, hw/vfio/pci.c `vfio_setup_pcie_cap`.
 */
export function addExpressCapability(
  device: QemuPciDevice,
  capability: Capability,
  { bus }: QemuSetting,
): void {
  const { config } = device;
  const { at, size } = capability;
  const flags = getWord(config, at + PCI_CAP_FLAGS);
  const type = (flags & PCI_EXP_FLAGS_TYPE) >> 4;
  if (![PCI_EXP_TYPE_ENDPOINT, PCI_EXP_TYPE_LEG_END, PCI_EXP_TYPE_RC_END].includes(type)) {
    device.problem ??= `its PCI Express type is 0x${type.toString(16)}, which QEMU cannot assign`;
    return;
  }
  const retype = (type: number) =>
    setWord(config, at + PCI_CAP_FLAGS, getWord(config, at + PCI_CAP_FLAGS) & ~0xf0 | type << 4);
  if (bus === "root-complex") {
    if (type === PCI_EXP_TYPE_LEG_END) return;
    if (type === PCI_EXP_TYPE_ENDPOINT) {
      retype(PCI_EXP_TYPE_RC_END);
      if (size > PCI_EXP_LNKCTL) config.fill(0, at + PCI_EXP_LNKCAP, at + PCI_EXP_LNKCAP + 8);
      if (size > PCI_EXP_LNKCAP2) config.fill(0, at + PCI_EXP_LNKCAP2, at + PCI_EXP_LNKCAP2 + 8);
    }
  } else if (bus === "port" && type === PCI_EXP_TYPE_RC_END) {
    retype(PCI_EXP_TYPE_ENDPOINT);
    setLong(config, at + PCI_EXP_LNKCAP, LINK_MADE_UP);
    setWord(config, at + PCI_EXP_LNKCTL, 0);
  }
  if ((flags & PCI_EXP_FLAGS_VERS) === 0) {
    setWord(config, at + PCI_CAP_FLAGS, getWord(config, at + PCI_CAP_FLAGS) & ~0xf | 1);
  }
  addCapability(device, capability);
}
