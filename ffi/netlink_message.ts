/**
 * Generic netlink messages and their attributes, as bytes.
 *
 * The kernel wrote what is read here, but every length is checked: it must cover its own header, stay inside the buffer
 * and move forward. Otherwise a RangeError names the offset.
 */
import {
  genlmsghdr,
  NLA_ALIGNTO,
  nla_bitfield32,
  NLA_F_NESTED,
  NLA_F_NET_BYTEORDER,
  nlattr,
  NLMSG_ALIGNTO,
  nlmsghdr,
} from "./netlink.ts";
import type { Bytes } from "./syscalls.ts";

/** A message without its header. */
export interface NetlinkMessage {
  type: number;
  seq: number;
  payload: Bytes;
}

/** An attribute without its header. `type` has no flags. */
export interface NetlinkAttribute {
  type: number;
  payload: Bytes;
}

/** A request to a family of generic netlink. */
export interface GenericRequest {
  type: number;
  flags: number;
  seq: number;
  cmd: number;
  version: number;
  /** Each made by {@link encodeText}. */
  attributes: readonly Bytes[];
}

/** The bytes of a request. The kernel fills in the sender's port. */
export function encodeRequest({ attributes, cmd, version, ...header }: GenericRequest): Bytes {
  const room = attributes.reduce((sum, { length }) => sum + align(length, NLA_ALIGNTO), 0);
  const head = nlmsghdr.size + genlmsghdr.size;
  const bytes = nlmsghdr.make({
    nlmsg_len: head + room,
    nlmsg_type: header.type,
    nlmsg_flags: header.flags,
    nlmsg_seq: header.seq,
  }, genlmsghdr.size + room);
  genlmsghdr.write(bytes, { cmd, version }, nlmsghdr.size);
  let at = head;
  for (const attribute of attributes) {
    bytes.set(attribute, at);
    at += align(attribute.length, NLA_ALIGNTO);
  }
  return bytes;
}

/** An attribute that holds a NUL-terminated text. */
export function encodeText(type: number, text: string): Bytes {
  const payload = new TextEncoder().encode(text);
  const nla_len = nlattr.size + payload.length + 1;
  const bytes = nlattr.make({ nla_len, nla_type: type }, payload.length + 1);
  bytes.set(payload, nlattr.size);
  return bytes;
}

/** The messages of one read(2). */
export function parseMessages(bytes: Bytes): NetlinkMessage[] {
  const found: NetlinkMessage[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + nlmsghdr.size > bytes.length) throw broken("message", at);
    const { nlmsg_len, nlmsg_type, nlmsg_seq } = nlmsghdr.read(bytes, at);
    if (nlmsg_len < nlmsghdr.size || at + nlmsg_len > bytes.length) throw broken("message", at);
    const payload = bytes.subarray(at + nlmsghdr.size, at + nlmsg_len);
    found.push({ type: nlmsg_type, seq: nlmsg_seq, payload });
    at += align(nlmsg_len, NLMSG_ALIGNTO);
  }
  return found;
}

/** The attributes in a payload: after a generic header, or inside a nested attribute. */
export function parseAttributes(bytes: Bytes): NetlinkAttribute[] {
  const found: NetlinkAttribute[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + nlattr.size > bytes.length) throw broken("attribute", at);
    const { nla_len, nla_type } = nlattr.read(bytes, at);
    if (nla_len < nlattr.size || at + nla_len > bytes.length) throw broken("attribute", at);
    const type = nla_type & ~(NLA_F_NESTED | NLA_F_NET_BYTEORDER);
    found.push({ type, payload: bytes.subarray(at + nlattr.size, at + nla_len) });
    at += align(nla_len, NLA_ALIGNTO);
  }
  return found;
}

/** The attributes after a message's generic header. */
export function parseGenericAttributes(payload: Bytes): NetlinkAttribute[] {
  if (payload.length < genlmsghdr.size) throw broken("message", 0);
  return parseAttributes(payload.subarray(genlmsghdr.size));
}

/** The payload of the first attribute of a type, or null. */
export function findAttribute(attributes: readonly NetlinkAttribute[], type: number): Bytes | null {
  return attributes.find((attribute) => attribute.type === type)?.payload ?? null;
}

/** A text up to its NUL. */
export function parseText(payload: Bytes): string {
  const end = payload.indexOf(0);
  return new TextDecoder().decode(end < 0 ? payload : payload.subarray(0, end));
}

/** A number of one, two or four bytes. */
export function parseUnsigned(payload: Bytes): number {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  switch (payload.length) {
    case 1:
      return view.getUint8(0);
    case 2:
      return view.getUint16(0, true);
    case 4:
      return view.getUint32(0, true);
  }
  throw new RangeError(`Cannot read a netlink number of ${payload.length} bytes`);
}

/** One bit of a bitfield, or null if the selector does not cover it. */
export function parseBit(payload: Bytes, bit: number): boolean | null {
  const { value, selector } = nla_bitfield32.read(payload);
  return (selector & bit) === 0 ? null : (value & bit) !== 0;
}

function align(length: number, to: number): number {
  return Math.ceil(length / to) * to;
}

function broken(what: string, at: number): RangeError {
  return new RangeError(`Cannot read netlink: the ${what} at offset ${at} is malformed`);
}
