import { assertEquals, assertThrows } from "@std/assert";
import { errnoNumber, SysError } from "./errno.ts";
import { type GenericFamily, openGenericFamily } from "./genetlink.ts";
import { openLibc } from "./libc.ts";
import { CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_CMD_GETFAMILY } from "./netlink.ts";
import { encodeText, findAttribute, parseText, parseUnsigned } from "./netlink_message.ts";
import { type Asked, errorBytes, fakeNetlink, message, text, u32 } from "./netlink_testing.ts";
import type { Bytes } from "./syscalls.ts";

type Answer = (asked: Asked) => readonly (readonly Bytes[])[] | string;

const family = (answer: Answer) => fakeNetlink({ name: "sample", answer });
const SAMPLE = { name: "sample", version: 1 };
const QUESTION = { name: "SAMPLE_CMD_GET", cmd: 5, attributes: [encodeText(1, "one")] };

function codeOf(run: () => unknown): [code: string, call: string] {
  const { code, call } = assertThrows(run, SysError);
  return [code, call];
}

Deno.test("ask() sends the whole question and returns the attributes of each message", () => {
  const sys = family(({ dump }) => dump ? [[u32(3, 1)], [u32(3, 2)]] : [[text(2, "yes")]]);
  using open = openGenericFamily(sys, SAMPLE);
  assertEquals(parseText(findAttribute(open.ask(QUESTION)[0]!, 2)!), "yes");
  const all = open.ask({ ...QUESTION, dump: true });
  assertEquals(all.map((one) => parseUnsigned(findAttribute(one, 3)!)), [1, 2]);
  assertEquals(sys.asked.map(({ cmd, dump }) => [cmd, dump]), [[5, false], [5, true]]);
  assertEquals(parseText(findAttribute(sys.asked[0]!.attributes, 1)!), "one");
});

Deno.test("ask() returns an empty answer if the kernel has nothing to report", () => {
  using open = openGenericFamily(family(() => []), SAMPLE);
  assertEquals(open.ask(QUESTION), []);
  assertEquals(open.ask({ ...QUESTION, dump: true }), []);
});

Deno.test("ask() throws the kernel's error with the command's name, and can be called again", () => {
  let refused = true;
  using open = openGenericFamily(family(() => refused ? "ENODEV" : [[u32(1, 1)]]), SAMPLE);
  assertEquals(codeOf(() => open.ask(QUESTION)), ["ENODEV", "SAMPLE_CMD_GET"]);
  refused = false;
  assertEquals(open.ask(QUESTION).length, 1);
});

Deno.test("ask() skips answers to other requests", () => {
  const sys = family(() => [[u32(1, 1)]]);
  using open = openGenericFamily(sys, SAMPLE);
  sys.queue.push(message(2, 99, [errorBytes(-errnoNumber("EIO"))]));
  assertEquals(open.ask(QUESTION).length, 1);
});

Deno.test("ask() throws the errno that ends a dump", () => {
  const sys = family(() => []);
  using open = openGenericFamily(sys, SAMPLE);
  const done = new Uint8Array(Int32Array.of(-errnoNumber("EMSGSIZE")).buffer);
  sys.queue.push(message(3, 2, [done]));
  assertEquals(codeOf(() => open.ask({ ...QUESTION, dump: true }))[0], "EMSGSIZE");
});

Deno.test("ask() does not wait for a missing answer or read an endless one", () => {
  const sys = family(() => []);
  using open = openGenericFamily(sys, SAMPLE);
  const write = sys.write;
  sys.write = (_, buffer) => buffer.length;
  assertEquals(codeOf(() => open.ask(QUESTION)), ["EAGAIN", "read"]);
  sys.write = write;
  const endless = { ...sys, read: () => 0 };
  assertThrows(() => openGenericFamily(endless, SAMPLE), RangeError, "has no end");
});

Deno.test("ask() refuses malformed bytes", () => {
  const sys = family(() => []);
  using open: GenericFamily = openGenericFamily(sys, SAMPLE);
  sys.queue.push(new Uint8Array(20));
  assertThrows(() => open.ask(QUESTION), RangeError, "is malformed");
});

Deno.test("openGenericFamily() closes its socket whether or not the family exists", () => {
  const sys = family(() => []);
  openGenericFamily(sys, SAMPLE)[Symbol.dispose]();
  assertEquals(sys.openSockets, 0);
  const other = { name: "other", version: 1 };
  assertEquals(codeOf(() => openGenericFamily(sys, other)), ["ENOENT", "CTRL_CMD_GETFAMILY"]);
  assertEquals(sys.openSockets, 0);
});

/** On the kernel of this machine. A sandbox may have no netlink. */
const NO_NETLINK = ["EAFNOSUPPORT", "EPROTONOSUPPORT", "EPERM", "EACCES"];

Deno.test("openGenericFamily() asks the real kernel for the controller and for an unknown family", () => {
  using sys = openLibc();
  try {
    using controller = openGenericFamily(sys, { name: "nlctrl", version: 1 });
    const question = { name: "CTRL_CMD_GETFAMILY", cmd: CTRL_CMD_GETFAMILY };
    const asked = [encodeText(CTRL_ATTR_FAMILY_NAME, "nlctrl")];
    const [answer] = controller.ask({ ...question, attributes: asked });
    assertEquals(parseUnsigned(findAttribute(answer!, CTRL_ATTR_FAMILY_ID)!), 0x10);
    const all = controller.ask({ ...question, attributes: [], dump: true });
    const names = all.map((one) => parseText(findAttribute(one, CTRL_ATTR_FAMILY_NAME)!));
    assertEquals(names.includes("nlctrl"), true);
    assertEquals(new Set(names).size, names.length);
  } catch (error) {
    if (!(error instanceof SysError && NO_NETLINK.includes(error.code))) throw error;
    return;
  }
  const none = { name: "vfio-ask-none", version: 1 };
  assertEquals(codeOf(() => openGenericFamily(sys, none)), ["ENOENT", "CTRL_CMD_GETFAMILY"]);
});
