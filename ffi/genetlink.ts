import { SysError } from "./errno.ts";
import {
  AF_NETLINK,
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_CMD_GETFAMILY,
  GENL_ID_CTRL,
  NETLINK_GENERIC,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_MIN_TYPE,
  nlmsgerr,
} from "./netlink.ts";
import {
  encodeRequest,
  encodeText,
  findAttribute,
  type NetlinkAttribute,
  parseGenericAttributes,
  parseMessages,
  parseUnsigned,
} from "./netlink_message.ts";
import { type Bytes, SOCK_NONBLOCK, SOCK_RAW, type Syscalls } from "./syscalls.ts";

/** The most that the kernel puts into one read. Source: `netlink_recvmsg()`, `netlink_dump()`. */
const READ_BYTES = 32768;
/** More reads than any dump takes: 32 MiB. */
const MAX_READS = 1024;

/** One question to a family. */
export interface GenericQuestion {
  /** The name of the command in the header. Used in errors. */
  name: string;
  cmd: number;
  attributes: readonly Bytes[];
  /** Whether to ask for all objects. */
  dump?: boolean;
}

/** A socket to one generic netlink family. Disposing of it closes the socket. */
export interface GenericFamily extends Disposable {
  /**
   * The attributes of each message of the answer. Throws a {@link SysError} with the command's name if the kernel
   * returns an error, and a RangeError if the answer is malformed.
   */
  ask(question: GenericQuestion): NetlinkAttribute[][];
}

/**
 * Opens a socket to a family. Source: generic netlink, `CTRL_CMD_GETFAMILY`. The socket is neither bound nor connected.
 * It therefore gets its own port and talks to the kernel.
 *
 * It never blocks: the kernel answers during the write, and continues a dump during the read. An empty queue is
 * therefore EAGAIN, not a hang. Effect: opens a socket, no device. If the kernel does not know the name, it tries to
 * load a module for that family. Throws {@link SysError}: EAFNOSUPPORT or EPROTONOSUPPORT if the kernel or the sandbox
 * has no netlink, ENOENT if the family does not exist.
 */
export function openGenericFamily(
  sys: Syscalls,
  { name, version }: { name: string; version: number },
): GenericFamily {
  const fd = sys.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_GENERIC);
  const buffer = new Uint8Array(READ_BYTES);
  let seq = 0;
  const askType = (type: number, question: GenericQuestion): NetlinkAttribute[][] => {
    const { cmd, attributes, dump } = question;
    const flags = NLM_F_REQUEST | (dump ? NLM_F_DUMP : NLM_F_ACK);
    sys.write(fd, encodeRequest({ type, flags, seq: ++seq, cmd, version, attributes }));
    const answer: NetlinkAttribute[][] = [];
    for (let reads = 0; reads < MAX_READS; reads++) {
      const count = sys.read(fd, buffer);
      // A copy, because the answer points into it and the buffer is reused.
      if (collect(buffer.slice(0, count), { seq, name: question.name, answer })) return answer;
    }
    throw new RangeError(`Cannot read netlink: the answer to ${question.name} has no end`);
  };
  try {
    const type = askForType(askType, name);
    return {
      ask: (question) => askType(type, question),
      [Symbol.dispose]: () => sys.close(fd),
    };
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

function askForType(
  ask: (type: number, question: GenericQuestion) => NetlinkAttribute[][],
  family: string,
): number {
  const answer = ask(GENL_ID_CTRL, {
    name: "CTRL_CMD_GETFAMILY",
    cmd: CTRL_CMD_GETFAMILY,
    attributes: [encodeText(CTRL_ATTR_FAMILY_NAME, family)],
  });
  const id = findAttribute(answer[0] ?? [], CTRL_ATTR_FAMILY_ID);
  if (id === null) throw new RangeError(`Cannot read netlink: family ${family} has no id`);
  return parseUnsigned(id);
}

/**
 * Adds the messages of one read to the answer. Returns whether the answer is complete. Skips answers to other requests.
 */
function collect(
  bytes: Bytes,
  { seq, name, answer }: { seq: number; name: string; answer: NetlinkAttribute[][] },
): boolean {
  for (const message of parseMessages(bytes)) {
    if (message.seq !== seq) continue;
    const { type, payload } = message;
    if (type === NLMSG_ERROR || type === NLMSG_DONE) {
      const error = errorOf(type, payload);
      if (error < 0) throw new SysError(name, -error);
      return true;
    }
    if (type >= NLMSG_MIN_TYPE) answer.push(parseGenericAttributes(payload));
  }
  return false;
}

/** Zero or a negative errno. DONE carries a bare number, or nothing. */
function errorOf(type: number, payload: Bytes): number {
  if (type === NLMSG_ERROR) return nlmsgerr.read(payload).error;
  if (payload.length < 4) return 0;
  return new DataView(payload.buffer, payload.byteOffset).getInt32(0, true);
}
