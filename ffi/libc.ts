import { errnoView, SysError } from "./errno.ts";
import { O_CLOEXEC, SOCK_CLOEXEC, type Syscalls } from "./syscalls.ts";

/**
 * The libc functions that this program calls. Each row ends with the C declaration.
 *
 * The four `ssize_t` results are declared as `i32`: no buffer here comes near 2 GiB. A 64-bit result would be a BigInt,
 * which is allocated between the call and the read of errno.
 */
const LIBC = {
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" }, // int open(const char *path, int flags, ...)
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, // int socket(int domain, int type, int protocol)
  close: { parameters: ["i32"], result: "i32" }, // int close(int fd)
  ioctl: { parameters: ["i32", "u32", "buffer"], result: "i32" }, // int ioctl(int fd, unsigned long request, void *arg)
  ioctlByValue: { name: "ioctl", parameters: ["i32", "u32", "usize"], result: "i32" }, // the same, with the argument by value
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" }, // ssize_t read(int fd, void *buf, size_t n)
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" }, // ssize_t write(int fd, const void *buf, size_t n)
  pread64: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" }, // ssize_t pread64(int, void *, size_t, off64_t)
  pwrite64: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" }, // ssize_t pwrite64(int, const void *, size_t, off64_t)
  __errno_location: { parameters: [], result: "pointer" }, // int *__errno_location(void)
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * The real kernel behind {@link Syscalls}, through libc.
 *
 * errno is valid only in the calling thread and right after the call. It is read through a view that is created once,
 * in the statement right after the call, with no allocation and no other call in between. Every method below follows
 * this rule. None may become `nonblocking`: that would run it on another thread.
 *
 * Effect: loads `libc.so.6`. Dispose of it to unload.
 */
export function openLibc(): Syscalls & Disposable {
  const library = Deno.dlopen("libc.so.6", LIBC);
  const c = library.symbols;
  const errno = errnoView(c.__errno_location());
  const text = new TextEncoder();

  const checked = (result: number, error: number, call: string): number => {
    if (result < 0) throw new SysError(call, error);
    return result;
  };
  return {
    open(path, flags) {
      const bytes = text.encode(path + "\0");
      const result = c.open(bytes, flags | O_CLOEXEC, 0);
      const error = errno[0]!;
      return checked(result, error, `open ${path}`);
    },
    socket(domain, type, protocol) {
      const result = c.socket(domain, type | SOCK_CLOEXEC, protocol);
      const error = errno[0]!;
      return checked(result, error, "socket");
    },
    close(fd) {
      const result = c.close(fd);
      const error = errno[0]!;
      checked(result, error, "close");
    },
    ioctl(fd, request, arg = 0) {
      if (typeof arg === "number") {
        const value = BigInt(arg);
        const result = c.ioctlByValue(fd, request, value);
        const error = errno[0]!;
        return checked(result, error, `ioctl 0x${request.toString(16)}`);
      }
      const result = c.ioctl(fd, request, arg);
      const error = errno[0]!;
      return checked(result, error, `ioctl 0x${request.toString(16)}`);
    },
    read(fd, buffer) {
      const length = BigInt(buffer.length);
      const result = c.read(fd, buffer, length);
      const error = errno[0]!;
      return checked(result, error, "read");
    },
    write(fd, buffer) {
      const length = BigInt(buffer.length);
      const result = c.write(fd, buffer, length);
      const error = errno[0]!;
      return checked(result, error, "write");
    },
    pread(fd, buffer, offset) {
      const length = BigInt(buffer.length);
      const result = c.pread64(fd, buffer, length, offset);
      const error = errno[0]!;
      return checked(result, error, "pread");
    },
    pwrite(fd, buffer, offset) {
      const length = BigInt(buffer.length);
      const result = c.pwrite64(fd, buffer, length, offset);
      const error = errno[0]!;
      return checked(result, error, "pwrite");
    },
    addressOf(buffer) {
      return Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer));
    },
    [Symbol.dispose]() {
      library.close();
    },
  };
}
