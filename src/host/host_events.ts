import { join } from "@std/path";
import type { Uevent } from "../../ffi/uevent.ts";
import { openUeventCalls, type UeventCalls } from "../../ffi/uevent_calls.ts";
import { openUeventSocket } from "../../ffi/uevent_socket.ts";
import { DEVICE_KINDS } from "../documents/mod.ts";
import { readAttribute } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/** What has changed on the host. It only says what to read again: its content is not evidence. */
export interface HostChange {
  /** Paths below `/sys` of devices, mdev parents and groups: `/devices/virtual/mtty/mtty`. */
  paths: string[];
  /** Whether other changes were missed. Then everything must be read again. */
  lost: boolean;
}

/** The changes of a host, as the kernel reports them. Dispose of it to end a wait. */
export interface HostEvents extends AsyncDisposable {
  /** Waits for changes that concern VFIO; null when it is being disposed of. One call at a time. */
  next(): Promise<HostChange | null>;
}

/**
 * The subsystems whose events matter: the buses of VFIO devices, and the classes of their nodes. A driver that is
 * loaded or unloaded needs no event of its own, because the kernel binds or unbinds its devices one by one.
 */
const SUBSYSTEMS: ReadonlySet<string> = new Set([...DEVICE_KINDS, "vfio", "vfio-dev"]);

/**
 * The events of the kernel that `roots` shows. Null if `roots.sys` is no sysfs: a planted or simulated host has no
 * events.
 *
 * Source: uevents of {@link SUBSYSTEMS}: `add` and `remove` of an mdev, a function or a node, `bind` and `unbind` of a
 * driver, `change` of a function with SR-IOV; and `change` with `MDEV_STATE` when a parent of mdevs comes or goes
 * (`mdev_register_parent()` of Linux 6.12). Nothing is sent for opening a device, and for writes to `numa_node`,
 * `current_vgpu_type` or the `type` of a group, nor to a network namespace of another user namespace. Throws a `SysError` if the kernel or the sandbox has no netlink.
 */
export function openHostEvents(
  { sys }: Pick<HostRoots, "sys">,
  openCalls: () => UeventCalls = openUeventCalls,
): HostEvents | null {
  if (readAttribute(join(sys, "kernel/uevent_seqnum")) === null) return null;
  const socket = openUeventSocket(openCalls());
  return {
    async next() {
      for (;;) {
        const received = await socket.receive();
        if (received === null) return null;
        const paths = received.events.filter(isRelevant).map(pathOf);
        if (received.lost || paths.length > 0) return { paths, lost: received.lost };
      }
    },
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}

function isRelevant({ properties }: Uevent): boolean {
  return SUBSYSTEMS.has(properties.get("SUBSYSTEM") ?? "") || properties.has("MDEV_STATE");
}

/** The path of the device that the event is about. The node of a device is a child of it. */
function pathOf({ devpath }: Uevent): string {
  return devpath.replace(/\/vfio-dev\/[^/]+$/, "");
}
