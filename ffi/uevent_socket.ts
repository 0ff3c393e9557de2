import { errnoNumber, SysError } from "./errno.ts";
import { AF_NETLINK, NETLINK_KOBJECT_UEVENT, sockaddr_nl } from "./netlink.ts";
import { defineStruct } from "./struct.ts";
import { type Bytes, SOCK_NONBLOCK, SOCK_RAW } from "./syscalls.ts";
import { parseUevent, type Uevent } from "./uevent.ts";
import type { UeventCalls } from "./uevent_calls.ts";

/** The group that the kernel sends to. Programs such as udev send to others. */
const GROUP_KERNEL = 1;

/** Source: `<poll.h>`. The kernel writes `revents`. */
const pollfd = defineStruct("pollfd", 8, {
  fd: ["i32", 0],
  events: ["u16", 4],
  revents: ["u16", 6],
});
const POLLIN = 1;

/** The kernel's limit is 2 KiB of fields after the header, which is as long as the path. */
const MESSAGE_BYTES = 8192;
/** How many messages are received at once. The rest waits in the socket. */
const MAX_MESSAGES = 256;

const EAGAIN = errnoNumber("EAGAIN");
const ENOBUFS = errnoNumber("ENOBUFS");

/** The uevents that were received together. */
export interface ReceivedUevents {
  events: Uevent[];
  /** Whether the kernel dropped events before these, or one was too long. */
  lost: boolean;
}

/** A socket that receives the kernel's uevents. Dispose of it to end a wait and close it. */
export interface UeventSocket extends AsyncDisposable {
  /**
   * Waits for uevents and returns them; null when the socket is being closed. One call at a time. Throws a
   * {@link SysError} if nothing can be received any more.
   */
  receive(): Promise<ReceivedUevents | null>;
}

/**
 * Opens a socket for the kernel's uevents. It needs no privilege. The wait occupies one thread, and ends by an eventfd
 * when the socket is disposed of.
 *
 * A message counts only if the kernel sent it: with port 0, to the kernel's group. Others are ignored.
 *
 * Source: `NETLINK_KOBJECT_UEVENT`, lib/kobject_uevent.c of Linux 6.12. Effect: opens two descriptors, and
 * disposes of `calls` with the socket. Throws a {@link SysError} if the kernel or the sandbox has no netlink: EAFNOSUPPORT,
 * EPROTONOSUPPORT, EPERM.
 */
export function openUeventSocket(calls: UeventCalls): UeventSocket {
  const { fd, eventfd } = openDescriptors(calls);
  const pollfds = new Uint8Array([
    ...pollfd.make({ fd, events: POLLIN }),
    ...pollfd.make({ fd: eventfd, events: POLLIN }),
  ]);
  let isClosed = false;
  let waiting: Promise<void> = Promise.resolve();
  return {
    async receive() {
      while (!isClosed) {
        waiting = calls.poll(pollfds);
        await waiting;
        if (isClosed) break;
        const received = receiveAll(calls, fd);
        if (received.lost || received.events.length > 0) return received;
      }
      return null;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      calls.wake(eventfd);
      await waiting;
      calls.close(fd);
      calls.close(eventfd);
      calls[Symbol.dispose]();
    },
  };
}

/** The bound socket and the eventfd. Closes everything if one of them cannot be opened. */
function openDescriptors(calls: UeventCalls): { fd: number; eventfd: number } {
  using opened = new DisposableStack();
  opened.use(calls);
  const open = (fd: number) => opened.adopt(fd, calls.close);
  const fd = open(calls.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  calls.bind(fd, sockaddr_nl.make({ nl_family: AF_NETLINK, nl_groups: GROUP_KERNEL }));
  const eventfd = open(calls.eventfd());
  opened.move();
  return { fd, eventfd };
}

/** Receives what waits in the socket, up to a limit. */
function receiveAll(calls: UeventCalls, fd: number): ReceivedUevents {
  const received: ReceivedUevents = { events: [], lost: false };
  const buffer = new Uint8Array(MESSAGE_BYTES);
  const sender = sockaddr_nl.make();
  for (let count = 0; count < MAX_MESSAGES; count++) {
    const length = receiveOne(calls, fd, buffer, sender);
    if (length === null) break;
    if (length === "lost" || length > buffer.length) {
      received.lost = true;
      continue;
    }
    const { nl_pid, nl_groups } = sockaddr_nl.read(sender);
    if (nl_pid !== 0 || nl_groups !== GROUP_KERNEL) continue;
    const event = parseUevent(buffer.subarray(0, length));
    if (event !== null) received.events.push(event);
  }
  return received;
}

/** The length of the next message, null if there is none, or `lost` if the kernel dropped some. */
function receiveOne(
  calls: UeventCalls,
  fd: number,
  buffer: Bytes,
  sender: Bytes,
): number | "lost" | null {
  try {
    return calls.receive(fd, buffer, sender);
  } catch (error) {
    if (error instanceof SysError && error.errno === EAGAIN) return null;
    if (error instanceof SysError && error.errno === ENOBUFS) return "lost";
    throw error;
  }
}
