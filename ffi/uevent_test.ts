import { assertEquals } from "@std/assert";
import { parseUevent } from "./uevent.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("parseUevent() reads the action, the path and the fields", () => {
  const event = parseUevent(
    bytes("add@/devices/virtual/mtty/mtty/1-2\0ACTION=add\0SUBSYSTEM=mdev\0EMPTY=\0A=b=c\0"),
  )!;
  assertEquals([event.action, event.devpath], ["add", "/devices/virtual/mtty/mtty/1-2"]);
  assertEquals(Object.fromEntries(event.properties), {
    ACTION: "add",
    SUBSYSTEM: "mdev",
    EMPTY: "",
    A: "b=c",
  });
});

Deno.test("parseUevent() ignores messages that are not the kernel's", () => {
  for (const text of ["", "\0", "libudev\0\xfe\xed", "add", "@/devices", "add@devices", "add@"]) {
    assertEquals(parseUevent(bytes(text)), null, JSON.stringify(text));
  }
});

Deno.test("parseUevent() reads any bytes without an error", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const message = Uint8Array.from({ length: seed }, (_, i) => (seed * 7919 + i * 104729) & 0xff);
    parseUevent(message);
  }
});
