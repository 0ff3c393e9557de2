import { assertEquals, assertThrows } from "@std/assert";
import { SysError } from "./errno.ts";
import { openLibc } from "./libc.ts";
import { O_RDONLY, O_RDWR, SOCK_NONBLOCK, SOCK_RAW } from "./syscalls.ts";

const bytes = (length: number) => new Uint8Array(length);

Deno.test("openLibc() reports the call, and errno by name and number", () => {
  using sys = openLibc();
  const missing = assertThrows(() => sys.open("/nowhere/at/all", O_RDONLY), SysError);
  assertEquals([missing.code, missing.errno, missing.call], ["ENOENT", 2, "open /nowhere/at/all"]);
  const fd = sys.open("/dev/null", O_RDWR);
  const refused = assertThrows(() => sys.ioctl(fd, 0x3b6b, bytes(24)), SysError);
  assertEquals([refused.code, refused.call], ["ENOTTY", "ioctl 0x3b6b"]);
  assertEquals(assertThrows(() => sys.ioctl(fd, 0x3b65, 3), SysError).code, "ENOTTY");
  sys.close(fd);
  assertEquals(assertThrows(() => sys.close(fd), SysError).code, "EBADF");
});

Deno.test("openLibc() reads and writes at the current position and at an offset", () => {
  const path = Deno.makeTempFileSync();
  try {
    using sys = openLibc();
    const fd = sys.open(path, O_RDWR);
    assertEquals(sys.write(fd, new TextEncoder().encode("migration")), 9);
    assertEquals(sys.pwrite(fd, new TextEncoder().encode("M"), 0n), 1);
    const buffer = bytes(16);
    assertEquals(sys.pread(fd, buffer, 0n), 9);
    assertEquals(new TextDecoder().decode(buffer.subarray(0, 9)), "Migration");
    assertEquals(sys.pread(fd, buffer, 1n << 40n), 0);
    assertEquals(sys.read(fd, buffer), 0);
    sys.close(fd);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("openLibc() opens with O_CLOEXEC: no child process inherits a device", () => {
  using sys = openLibc();
  const fd = sys.open("/dev/null", O_RDONLY);
  const flags = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`).match(/flags:\s*(\d+)/)![1]!;
  assertEquals(parseInt(flags, 8) & 0o2000000, 0o2000000);
  sys.close(fd);
});

Deno.test("openLibc() creates a socket with SOCK_CLOEXEC, and throws the errno if it cannot", () => {
  const AF_UNIX = 1;
  using sys = openLibc();
  const fd = sys.socket(AF_UNIX, SOCK_RAW | SOCK_NONBLOCK, 0);
  const flags = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`).match(/flags:\s*(\d+)/)![1]!;
  assertEquals(parseInt(flags, 8) & 0o2004000, 0o2004000);
  assertEquals(assertThrows(() => sys.read(fd, bytes(1)), SysError).code, "EAGAIN");
  sys.close(fd);
  const refused = assertThrows(() => sys.socket(4242, SOCK_RAW, 0), SysError);
  assertEquals([refused.code, refused.call], ["EAFNOSUPPORT", "socket"]);
});

Deno.test("addressOf() returns the address at which the kernel finds the bytes", () => {
  using sys = openLibc();
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, "here");
    const fd = sys.open(path, O_RDONLY);
    const buffer = bytes(4);
    const address = sys.addressOf(buffer);
    assertEquals(address === 0n, false);
    sys.read(fd, buffer);
    const seen = new Deno.UnsafePointerView(Deno.UnsafePointer.create(address)!);
    assertEquals(new Uint8Array(seen.getArrayBuffer(4)), new TextEncoder().encode("here"));
    sys.close(fd);
  } finally {
    Deno.removeSync(path);
  }
});
