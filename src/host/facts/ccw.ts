import { join } from "@std/path";
import { readText, toSet } from "./fact.ts";
import type { FactReader } from "./reader.ts";

/**
 * Facts of a vfio_ccw mdev and of its type, from the parent I/O subchannel: `busDevice`, the number of the device
 * behind it (`0.0.1234`); `subchannelType` (`0` for I/O); `chpids`, the set of its channel paths; `pimpampom`, three
 * masks that say which of the eight paths are installed, available and operational.
 *
 * The kind of device, such as an ECKD disk, is not visible: its ccw device does not exist while vfio_ccw owns the
 * subchannel.
 *
 * Source: `<subchannel>/{type,chpids,pimpampom}`, in every 2.6; `dev_busid` since 5.15 and in stable kernels since
 * 4.14; all `drivers/s390/cio/css.c`.
 */
export const CCW: FactReader = {
  name: "ccw",
  of: "parent",
  appliesTo: ({ kind, type }) => kind === "mdev" && type.startsWith("vfio_ccw-"),
  read: ({ parent }) => {
    const text = (name: string) => readText(join(parent!.path, name));
    const [busDevice, chpids, masks] = [text("dev_busid"), text("chpids"), text("pimpampom")];
    return {
      busDevice: busDevice === "none" ? null : busDevice,
      subchannelType: text("type"),
      chpids: chpids === null ? null : parseChannelPaths(chpids, masks),
      pimpampom: masks,
    };
  },
};

/**
 * The channel paths in text like `40 41 00 00 00 00 00 00`. The first mask says which of the eight are installed.
 * Without masks, `00` counts as not installed, although path 00 may exist.
 */
export function parseChannelPaths(text: string, masks: string | null): readonly string[] {
  const installed = masks === null ? null : parseInt(masks, 16);
  const isPath = (chpid: string, place: number) =>
    installed === null ? chpid !== "00" : (installed & (0x80 >> place)) !== 0;
  return toSet(text.split(/\s+/).filter(isPath));
}
