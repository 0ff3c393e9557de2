/**
 * `<linux/netlink.h>` and `<linux/genetlink.h>`: addresses, headers of messages and attributes, and the controller that
 * maps the name of a generic family to its id.
 *
 * Source: `<linux/netlink.h>`, `<linux/genetlink.h>`, Linux 6.12; `AF_NETLINK` from `<sys/socket.h>`.
 */
import { defineStruct } from "./struct.ts";

export const AF_NETLINK = 16;
export const NETLINK_KOBJECT_UEVENT = 15;
export const NETLINK_GENERIC = 16;

/** The kernel's own port is 0. `nl_groups` is a bit mask. */
export const sockaddr_nl = defineStruct("sockaddr_nl", 12, {
  nl_family: ["u16", 0],
  nl_pad: ["u16", 2],
  nl_pid: ["u32", 4],
  nl_groups: ["u32", 8],
});

export const nlmsghdr = defineStruct("nlmsghdr", 16, {
  nlmsg_len: ["u32", 0],
  nlmsg_type: ["u16", 4],
  nlmsg_flags: ["u16", 6],
  nlmsg_seq: ["u32", 8],
  nlmsg_pid: ["u32", 12],
});
export const NLM_F_REQUEST = 0x01;
export const NLM_F_ACK = 0x04;
export const NLM_F_DUMP = 0x300;

export const NLMSG_ALIGNTO = 4;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
/** Lower types belong to the protocol itself. */
export const NLMSG_MIN_TYPE = 0x10;

/** Without `msg`, a copy of the request's header. */
export const nlmsgerr = defineStruct("nlmsgerr", 20, { error: ["i32", 0] });

export const nlattr = defineStruct("nlattr", 4, { nla_len: ["u16", 0], nla_type: ["u16", 2] });
export const NLA_ALIGNTO = 4;
/** Flags in `nla_type`. Some kernels set NESTED on attributes that hold attributes, some do not. */
export const NLA_F_NESTED = 1 << 15;
export const NLA_F_NET_BYTEORDER = 1 << 14;

/** `selector` marks the valid bits, `value` holds them. */
export const nla_bitfield32 = defineStruct("nla_bitfield32", 8, {
  value: ["u32", 0],
  selector: ["u32", 4],
});

export const genlmsghdr = defineStruct("genlmsghdr", 4, {
  cmd: ["u8", 0],
  version: ["u8", 1],
  reserved: ["u16", 2],
});
/** The id of the controller. */
export const GENL_ID_CTRL = 0x10;
export const CTRL_CMD_GETFAMILY = 3;
export const CTRL_ATTR_FAMILY_ID = 1;
export const CTRL_ATTR_FAMILY_NAME = 2;
