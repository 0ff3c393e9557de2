import {
  vfio_device_attach_iommufd_pt,
  vfio_device_bind_iommufd,
  vfio_device_detach_iommufd_pt,
} from "../../../ffi/vfio.ts";
import { type Argument, readSized, reply } from "./argument.ts";
import { fileOf } from "./descriptors.ts";
import { addObject, removeObject } from "./iommufd_objects.ts";
import type { DeviceState, IommufdState, Kernel } from "./kernel.ts";
import { refuse } from "./refusal.ts";

/** What a cdev got from `VFIO_DEVICE_BIND_IOMMUFD`. */
export interface CdevBinding {
  readonly iommufd: IommufdState;
  readonly devid: number;
  readonly emulated: boolean;
  /** The page table or address space that the device is attached to. */
  attached: number | null;
}

/**
 * Binds a cdev to an iommufd. Refuses with EBUSY if the group is open, EINVAL if another cdev file has the device,
 * EPERM if the group does DMA for the host.
 */
export function bindIommufd(
  kernel: Kernel,
  device: DeviceState,
  argument: Argument,
  open: () => void,
): CdevBinding {
  const bind = readSized(vfio_device_bind_iommufd, argument);
  if (bind.flags !== 0 || bind.iommufd < 0) refuse("EINVAL");
  if (device.group.held || device.group.openFiles > 0) refuse("EBUSY");
  const iommufd = fileOf(kernel, bind.iommufd).iommufd ?? refuse("EBADF");
  if (device.held || device.openCount > 0) refuse("EINVAL");
  if (!device.group.viable) refuse("EPERM");
  open();
  device.group.boundCdevs++;
  const emulated = device.vfio.iommu === "emulated";
  const devid = addObject(iommufd, { kind: emulated ? "access" : "device" });
  iommufd.objects.get(devid)!.users++;
  reply(vfio_device_bind_iommufd, argument, { out_devid: devid });
  return { iommufd, devid, emulated, attached: null };
}

/** Undoes the binding when the cdev is closed. */
export function unbindIommufd(device: DeviceState, binding: CdevBinding): void {
  detach(binding);
  binding.iommufd.objects.delete(binding.devid);
  device.group.boundCdevs--;
}

/**
 * `VFIO_DEVICE_ATTACH_IOMMUFD_PT`: a physical device on an IOAS gets its own page table, and the call returns that
 * number. An emulated device only accepts an IOAS.
 */
export function attachIoas(binding: CdevBinding, argument: Argument): number {
  const { flags, pt_id } = readSized(vfio_device_attach_iommufd_pt, argument);
  if (flags !== 0) refuse("EINVAL");
  const { iommufd } = binding;
  const target = iommufd.objects.get(pt_id) ?? refuse("ENOENT");
  const kinds = binding.emulated ? ["ioas"] : ["ioas", "hwpt"];
  if (!kinds.includes(target.kind)) refuse(binding.emulated ? "ENOENT" : "EINVAL");
  detach(binding);
  const own = target.kind === "ioas" && !binding.emulated;
  const id = own ? addObject(iommufd, { kind: "hwpt", parent: pt_id, automatic: true }) : pt_id;
  iommufd.objects.get(id)!.users++;
  binding.attached = id;
  reply(vfio_device_attach_iommufd_pt, argument, { pt_id: id });
  return 0;
}

/** `VFIO_DEVICE_DETACH_IOMMUFD_PT`. Also succeeds if the device is not attached. */
export function detachIoas(binding: CdevBinding, argument: Argument): number {
  if (readSized(vfio_device_detach_iommufd_pt, argument).flags !== 0) refuse("EINVAL");
  detach(binding);
  return 0;
}

function detach(binding: CdevBinding): void {
  if (binding.attached === null) return;
  const object = binding.iommufd.objects.get(binding.attached)!;
  object.users--;
  if (object.automatic) removeObject(binding.iommufd, binding.attached);
  binding.attached = null;
}
