/** The kernel's side of the uevent socket, for tests: messages in bytes. */
import { errnoNumber, SysError } from "./errno.ts";
import { AF_NETLINK, sockaddr_nl } from "./netlink.ts";
import type { Bytes } from "./syscalls.ts";
import type { UeventCalls } from "./uevent_calls.ts";

export interface FakeUevents extends UeventCalls {
  readonly openDescriptors: number;
  readonly isDisposed: boolean;
  /** Sends a message, from the kernel unless a sender is given. */
  send(message: Bytes, sender?: { nl_pid?: number; nl_groups?: number }): void;
  /** Sends a uevent: `add@/devices/…`, with its fields. */
  sendUevent(header: string, fields?: Readonly<Record<string, string>>): void;
  /** Makes the next receive fail. */
  fail(errno: string): void;
}

/** System calls that only support one uevent socket and its eventfd. */
export function fakeUevents(
  { refuse }: { refuse?: { call: "socket" | "bind"; errno: string } } = {},
): FakeUevents {
  const open = new Set<number>();
  const queue: ({ message: Bytes; sender: Bytes } | { errno: string })[] = [];
  let isWoken = false;
  let isDisposed = false;
  let ready: PromiseWithResolvers<void> | null = null;
  const descriptor = () => {
    const fd = 3 + open.size;
    open.add(fd);
    return fd;
  };
  const check = (call: string) => {
    if (refuse?.call === call) throw new SysError(call, errnoNumber(refuse.errno));
  };
  const signal = () => {
    ready?.resolve();
    ready = null;
  };
  const fake: FakeUevents = {
    get openDescriptors() {
      return open.size;
    },
    get isDisposed() {
      return isDisposed;
    },
    send(message, sender = {}) {
      const from = { nl_family: AF_NETLINK, nl_pid: 0, nl_groups: 1, ...sender };
      queue.push({ message, sender: sockaddr_nl.make(from) });
      signal();
    },
    sendUevent(header, fields = {}) {
      const texts = [header, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)];
      fake.send(new TextEncoder().encode(texts.map((text) => `${text}\0`).join("")));
    },
    fail(errno) {
      queue.push({ errno });
      signal();
    },
    socket() {
      check("socket");
      return descriptor();
    },
    bind() {
      check("bind");
    },
    receive(fd, buffer, sender) {
      if (!open.has(fd)) throw new SysError("recvfrom", errnoNumber("EBADF"));
      const next = queue.shift();
      if (next === undefined) throw new SysError("recvfrom", errnoNumber("EAGAIN"));
      if ("errno" in next) throw new SysError("recvfrom", errnoNumber(next.errno));
      sender.set(next.sender);
      buffer.set(next.message.subarray(0, buffer.length));
      return next.message.length;
    },
    eventfd: descriptor,
    wake() {
      isWoken = true;
      signal();
    },
    close: (fd) => void open.delete(fd),
    async poll() {
      if (queue.length > 0 || isWoken) return;
      ready ??= Promise.withResolvers();
      await ready.promise;
    },
    [Symbol.dispose]: () => void (isDisposed = true),
  };
  return fake;
}
