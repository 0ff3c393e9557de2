import {
  VFIO_GROUP_FLAGS_CONTAINER_SET,
  VFIO_GROUP_FLAGS_VIABLE,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_GET_STATUS,
  VFIO_GROUP_SET_CONTAINER,
  vfio_group_status,
  VFIO_GROUP_UNSET_CONTAINER,
} from "../../../ffi/vfio.ts";
import { type Argument, bytesOf, readSized, reply } from "./argument.ts";
import { fileOf, install } from "./descriptors.ts";
import { openDeviceOfGroup } from "./device_file.ts";
import type { GroupState, Kernel, OpenFile } from "./kernel.ts";
import { refuse } from "./refusal.ts";
import { answer, type Requests } from "./requests.ts";

const REQUESTS: Requests<GroupState> = {
  [VFIO_GROUP_GET_STATUS]: getStatus,
  [VFIO_GROUP_SET_CONTAINER]: setContainer,
  [VFIO_GROUP_UNSET_CONTAINER]: unsetContainer,
  [VFIO_GROUP_GET_DEVICE_FD]: getDeviceFd,
};

/** Opens `/dev/vfio/<group>`: one file at a time, and none while a device of the group is in use through its cdev. */
export function openGroup(kernel: Kernel, group: GroupState): OpenFile {
  const busy = group.held || group.openFiles > 0 || group.boundCdevs > 0 ||
    group.devices.some((device) => device.held);
  if (busy) refuse("EBUSY");
  group.openFiles++;
  return {
    ioctl: (request, argument) => answer(REQUESTS, request, group, argument, kernel),
    release: () => releaseGroup(group),
  };
}

/** Releases one file of a group. The last one removes the group from its container. */
function releaseGroup(group: GroupState): void {
  group.openFiles--;
  if (group.openFiles === 0) detach(group);
}

function getStatus(group: GroupState, argument: Argument): void {
  readSized(vfio_group_status, argument);
  const set = group.container === null ? 0 : VFIO_GROUP_FLAGS_CONTAINER_SET;
  const viable = group.viable ? VFIO_GROUP_FLAGS_VIABLE : 0;
  reply(vfio_group_status, argument, { flags: set | viable });
}

function setContainer(group: GroupState, argument: Argument, kernel: Kernel): void {
  const bytes = bytesOf(argument, 4);
  const fd = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
  const container = fileOf(kernel, fd).container ?? refuse("EINVAL");
  if (group.container !== null) refuse("EINVAL");
  if (!group.viable) refuse("EPERM");
  for (const other of container.groups) if (other.noiommu !== group.noiommu) refuse("EPERM");
  container.groups.add(group);
  group.container = container;
}

function unsetContainer(group: GroupState): void {
  if (group.container === null) refuse("EINVAL");
  if (group.openFiles > 1) refuse("EBUSY");
  detach(group);
}

function detach(group: GroupState): void {
  const container = group.container;
  if (container === null) return;
  container.groups.delete(group);
  if (container.groups.size === 0) container.iommu = null;
  group.container = null;
}

function getDeviceFd(group: GroupState, argument: Argument, kernel: Kernel): number {
  const bytes = bytesOf(argument, 1);
  const end = bytes.indexOf(0);
  if (end < 0) refuse("EFAULT");
  const name = new TextDecoder().decode(bytes.subarray(0, end));
  const device = group.devices.find((device) => device.id === name) ?? refuse("ENODEV");
  if (group.container === null || group.container.iommu === null) refuse("EINVAL");
  return install(kernel, openDeviceOfGroup(kernel, device, () => releaseGroup(group)));
}
