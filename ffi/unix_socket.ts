/**
 * Numbers and structs for the peers of a Unix socket, and for the groups of this machine.
 *
 * Source: `<sys/socket.h>`, unix(7); `struct group` of `<grp.h>`. The same on x86-64 and aarch64.
 */
import { defineStruct } from "./struct.ts";

export const AF_UNIX = 1;
export const SOL_SOCKET = 1;
/** Options of getsockopt(2). */
export const SO_PEERCRED = 17;
export const SO_ACCEPTCONN = 30;
export const SO_PEERGROUPS = 59;

export const ucred = defineStruct("ucred", 12, {
  pid: ["i32", 0],
  uid: ["u32", 4],
  gid: ["u32", 8],
});
export const group = defineStruct("group", 32, { gr_gid: ["u32", 16] });
