import { assertEquals, assertThrows } from "@std/assert";
import { ERRNO_NAMES, errnoName, errnoNumber, SysError } from "./errno.ts";

Deno.test("errnoNumber() inverts errnoName()", () => {
  for (const name of ERRNO_NAMES) assertEquals(errnoName(errnoNumber(name)), name);
  assertEquals(["EFAULT", "ENOTTY", "EUSERS", "EHWPOISON"].map(errnoNumber), [14, 25, 87, 133]);
  assertEquals(errnoName(4242), "errno 4242");
  assertThrows(() => errnoNumber("ENOSUCHTHING"), RangeError);
});

Deno.test("SysError names the call and the kernel's answer", () => {
  assertEquals(new SysError("read", 14).message, "read: kernel answered EFAULT (14)");
});
