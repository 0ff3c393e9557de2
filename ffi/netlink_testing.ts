/** The kernel's side of generic netlink, for tests: one family that answers in bytes. */
import { errnoNumber, SysError } from "./errno.ts";
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_CMD_GETFAMILY,
  GENL_ID_CTRL,
  genlmsghdr,
  NLA_ALIGNTO,
  nla_bitfield32,
  NLA_F_NESTED,
  nlattr,
  NLM_F_DUMP,
  NLMSG_DONE,
  NLMSG_ERROR,
  nlmsgerr,
  nlmsghdr,
} from "./netlink.ts";
import {
  encodeRequest,
  findAttribute,
  type NetlinkAttribute,
  parseGenericAttributes,
  parseText,
} from "./netlink_message.ts";
import type { Bytes, Syscalls } from "./syscalls.ts";

/** A question to the family. */
export interface Asked {
  cmd: number;
  attributes: NetlinkAttribute[];
  dump: boolean;
}

export interface FakeFamily {
  name: string;
  /** The answer: messages as lists of attributes, or the name of an errno. */
  answer: (asked: Asked) => readonly (readonly Bytes[])[] | string;
}

export interface FakeNetlink extends Syscalls, Disposable {
  readonly openSockets: number;
  /** Bytes to return from the next reads, before any answer. */
  readonly queue: Bytes[];
  readonly asked: Asked[];
}

const FAMILY_ID = 0x15;

/** System calls that only support netlink sockets. If `family` is null, the kernel has no such family. */
export function fakeNetlink(family: FakeFamily | null): FakeNetlink {
  const open = new Set<number>();
  const queue: Bytes[] = [];
  const asked: Asked[] = [];
  const never = (): never => {
    throw new Error("no other call was expected");
  };
  const checked = (fd: number) => {
    if (!open.has(fd)) throw new SysError("netlink", errnoNumber("EBADF"));
  };
  const answer = (type: number, question: Asked): readonly (readonly Bytes[])[] | string => {
    if (type !== GENL_ID_CTRL) return type === FAMILY_ID ? family!.answer(question) : "ENOENT";
    const name = parseText(findAttribute(question.attributes, CTRL_ATTR_FAMILY_NAME)!);
    if (question.cmd !== CTRL_CMD_GETFAMILY || name !== family?.name) return "ENOENT";
    return [[text(CTRL_ATTR_FAMILY_NAME, name), u16(CTRL_ATTR_FAMILY_ID, FAMILY_ID)]];
  };
  return {
    get openSockets() {
      return open.size;
    },
    queue,
    asked,
    open: never,
    ioctl: never,
    pread: never,
    pwrite: never,
    addressOf: never,
    socket() {
      let fd = 3;
      while (open.has(fd)) fd++;
      open.add(fd);
      return fd;
    },
    close(fd) {
      checked(fd);
      open.delete(fd);
    },
    write(fd, buffer) {
      checked(fd);
      const { nlmsg_type, nlmsg_flags, nlmsg_seq: seq } = nlmsghdr.read(buffer);
      const payload = buffer.slice(nlmsghdr.size);
      const dump = (nlmsg_flags & NLM_F_DUMP) === NLM_F_DUMP;
      const { cmd } = genlmsghdr.read(payload);
      const question = { cmd, attributes: parseGenericAttributes(payload), dump };
      if (nlmsg_type !== GENL_ID_CTRL) asked.push(question);
      const messages = answer(nlmsg_type, question);
      if (typeof messages === "string") {
        queue.push(message(NLMSG_ERROR, seq, [errorBytes(-errnoNumber(messages))]));
        return buffer.length;
      }
      queue.push(
        ...messages.map((attributes) =>
          encodeRequest({ type: nlmsg_type, flags: 0, seq, cmd, version: 1, attributes })
        ),
      );
      queue.push(
        dump
          ? message(NLMSG_DONE, seq, [new Uint8Array(4)])
          : message(NLMSG_ERROR, seq, [errorBytes(0)]),
      );
      return buffer.length;
    },
    read(fd, buffer) {
      checked(fd);
      const next = queue.shift();
      if (next === undefined) throw new SysError("read", errnoNumber("EAGAIN"));
      buffer.set(next.subarray(0, buffer.length));
      return Math.min(next.length, buffer.length);
    },
    [Symbol.dispose]() {},
  };
}

/** A message with a type of the protocol itself. */
export function message(nlmsg_type: number, nlmsg_seq: number, payload: readonly Bytes[]): Bytes {
  const nlmsg_len = nlmsghdr.size + payload.reduce((sum, { length }) => sum + length, 0);
  return join([nlmsghdr.make({ nlmsg_len, nlmsg_type, nlmsg_seq }), ...payload]);
}

/** The payload of an error. 0 is an acknowledgement. */
export function errorBytes(error: number): Bytes {
  return nlmsgerr.make({ error });
}

/** An attribute with any payload, without padding. */
export function attribute(nla_type: number, payload: Bytes): Bytes {
  return join([nlattr.make({ nla_len: nlattr.size + payload.length, nla_type }), payload]);
}

export function text(type: number, value: string): Bytes {
  return attribute(type, new TextEncoder().encode(value + "\0"));
}

export function u8(type: number, value: number): Bytes {
  return attribute(type, Uint8Array.of(value));
}

export function u16(type: number, value: number): Bytes {
  return attribute(type, Uint8Array.of(value & 0xff, value >> 8));
}

export function u32(type: number, value: number): Bytes {
  return attribute(type, new Uint8Array(Uint32Array.of(value).buffer));
}

export function bitfield(type: number, value: number, selector: number): Bytes {
  return attribute(type, nla_bitfield32.make({ value, selector }));
}

/** A nested attribute. With `flagged`, marked as current kernels do. */
export function nested(type: number, inner: readonly Bytes[], { flagged = false } = {}): Bytes {
  return attribute(flagged ? type | NLA_F_NESTED : type, join(inner.map(padded)));
}

/** The bytes, padded with zeros to the next attribute. */
export function padded(bytes: Bytes): Bytes {
  return join([bytes, new Uint8Array((NLA_ALIGNTO - bytes.length % NLA_ALIGNTO) % NLA_ALIGNTO)]);
}

/** Concatenated bytes. */
export function join(parts: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
