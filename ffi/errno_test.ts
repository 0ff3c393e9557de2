import { assertEquals, assertThrows } from "@std/assert";
import { errnoName, errnoNumber, SysError } from "./errno.ts";

Deno.test("errnoName() and errnoNumber() are each other's inverse", () => {
  for (const name of ["EPERM", "EBUSY", "EINVAL", "ENOTTY", "EFAULT", "EOPNOTSUPP", "EUSERS"]) {
    assertEquals(errnoName(errnoNumber(name)), name);
  }
  assertEquals(errnoName(4242), "errno 4242");
  assertThrows(() => errnoNumber("ENOSUCHTHING"), RangeError);
});

Deno.test("SysError says what was called and what the kernel answered", () => {
  assertEquals(new SysError("read", 14).message, "read: kernel answered EFAULT (14)");
});
