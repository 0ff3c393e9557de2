/**
 * errno numbers and their names, as Linux has them on every architecture this program is built for.
 *
 * Source: `<asm-generic/errno-base.h>`, `<asm-generic/errno.h>`; `ERESTARTSYS` (512) and `ENOTSUPP` (524)
 * are the kernel's own and not for user space, yet some drivers let them out.
 */
const NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  7: "E2BIG",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  18: "EXDEV",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  25: "ENOTTY",
  26: "ETXTBSY",
  27: "EFBIG",
  28: "ENOSPC",
  29: "ESPIPE",
  30: "EROFS",
  32: "EPIPE",
  33: "EDOM",
  34: "ERANGE",
  35: "EDEADLK",
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  39: "ENOTEMPTY",
  40: "ELOOP",
  42: "ENOMSG",
  61: "ENODATA",
  62: "ETIME",
  71: "EPROTO",
  74: "EBADMSG",
  75: "EOVERFLOW",
  84: "EILSEQ",
  87: "EUSERS",
  90: "EMSGSIZE",
  92: "ENOPROTOOPT",
  93: "EPROTONOSUPPORT",
  95: "EOPNOTSUPP",
  97: "EAFNOSUPPORT",
  103: "ECONNABORTED",
  104: "ECONNRESET",
  105: "ENOBUFS",
  108: "ESHUTDOWN",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  114: "EALREADY",
  115: "EINPROGRESS",
  116: "ESTALE",
  121: "EREMOTEIO",
  125: "ECANCELED",
  131: "ENOTRECOVERABLE",
  132: "ERFKILL",
  133: "EHWPOISON",
  512: "ERESTARTSYS",
  524: "ENOTSUPP",
};

const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(NAMES).map(([number, name]) => [name, Number(number)]),
);

/** The name of an errno, `errno 4242` where it has none. */
export function errnoName(errno: number): string {
  return NAMES[errno] ?? `errno ${errno}`;
}

/** The number of an errno's name. Throws on a name that is not listed, which is a defect of the caller. */
export function errnoNumber(name: string): number {
  const number = NUMBERS.get(name);
  if (number === undefined) throw new RangeError(`Cannot tell the number of errno ${name}`);
  return number;
}

/** A system call that the kernel answered with an error. */
export class SysError extends Error {
  /** errno's name: `EBUSY`. */
  readonly code: string;

  /**
   * @param call what was called, with its subject: `open /dev/vfio/12`, `VFIO_DEVICE_GET_INFO`
   * @param errno the number that the kernel gave
   */
  constructor(readonly call: string, readonly errno: number) {
    const code = errnoName(errno);
    super(`${call}: kernel answered ${code} (${errno})`);
    this.name = "SysError";
    this.code = code;
  }
}
