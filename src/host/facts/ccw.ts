import { join } from "@std/path";
import { readText, toSet } from "./fact.ts";
import type { FactReader } from "./reader.ts";

/**
 * Of an mdev of vfio_ccw and of its type, from the I/O subchannel that it is made on: `busDevice`, the
 * number of the device behind it (`0.0.1234`); `subchannelType` (`0` for I/O); `chpids`, the set of its channel
 * paths; `pimpampom`, which of its eight paths are installed, available and operational, three masks.
 *
 * What kind of device it is, an ECKD disk or something else, is not to be seen: its ccw device is gone
 * while vfio_ccw has the subchannel.
 *
 * Source: `<subchannel>/{type,chpids,pimpampom}`, in every 2.6; `dev_busid` since 5.15 and in stable kernels
 * since 4.14; all `drivers/s390/cio/css.c`.
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
 * The channel paths in text like `40 41 00 00 00 00 00 00`. Which of the eight are installed is the first of the
 * masks; without them a `00` is taken for none, though there may be a path of that number.
 */
export function parseChannelPaths(text: string, masks: string | null): readonly string[] {
  const installed = masks === null ? null : parseInt(masks, 16);
  const isPath = (chpid: string, place: number) =>
    installed === null ? chpid !== "00" : (installed & (0x80 >> place)) !== 0;
  return toSet(text.split(/\s+/).filter(isPath));
}
