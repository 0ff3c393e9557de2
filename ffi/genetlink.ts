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

/** What the kernel puts into one read at the most. Source: `netlink_recvmsg()`, `netlink_dump()`. */
const READ_BYTES = 32768;
/** More reads than any dump takes: 32 MiB. */
const MAX_READS = 1024;

/** One question to a family. */
export interface GenericQuestion {
  /** The command's name in the header, for errors. */
  name: string;
  cmd: number;
  attributes: readonly Bytes[];
  /** Whether all objects are asked for. */
  dump?: boolean;
}

/** A socket to one family of generic netlink; disposing of it closes the socket. */
export interface GenericFamily extends Disposable {
  /**
   * The attributes of each message of the answer. Throws {@link SysError} by the command's name with what
   * the kernel answered, and a RangeError on an answer that is broken.
   */
  ask(question: GenericQuestion): NetlinkAttribute[][];
}

/**
 * Opens a socket to a family. Source: generic netlink, `CTRL_CMD_GETFAMILY`; the socket is neither bound nor
 * connected, so that it gets a port of its own and speaks to the kernel.
 *
 * It never waits: the kernel answers in the write, and goes on with a dump in the read, so that an empty
 * queue is EAGAIN and not a hang. Effect: opens a socket, no device; a name that the kernel does not know
 * makes it look for a module of that family. Throws {@link SysError}: EAFNOSUPPORT or EPROTONOSUPPORT is
 * a kernel, or a sandbox, without netlink, ENOENT that there is no such family.
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
      // A copy: what is told points into it, and the buffer is used again.
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
  if (id === null) throw new RangeError(`Cannot read netlink: family ${family} has no number`);
  return parseUnsigned(id);
}

/** Adds what a read brought to the answer; gives whether that was the end. What others asked is left out. */
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

/** Zero or a negative errno; DONE has a bare number, or nothing. */
function errorOf(type: number, payload: Bytes): number {
  if (type === NLMSG_ERROR) return nlmsgerr.read(payload).error;
  if (payload.length < 4) return 0;
  return new DataView(payload.buffer, payload.byteOffset).getInt32(0, true);
}
