import type { Syscalls } from "../../ffi/syscalls.ts";

/** An open VFIO device. Dispose of it to close everything opened for it, in the order the kernel needs. */
export interface DeviceHandle extends Disposable {
  readonly sys: Syscalls;
  /** The descriptor for `VFIO_DEVICE_*`. */
  readonly fd: number;
  readonly path: "cdev" | "group";
  readonly iommu: "iommufd" | "type1v2" | "type1" | "noiommu";
  /** The iommufd and the device's id in it, if the device was opened through its cdev. */
  readonly bound: { readonly iommufd: number; readonly devid: number } | null;
}

/** Descriptors to close, last opened first. A failed close is ignored: it must not hide an answer. */
export class Descriptors implements Disposable {
  #open: number[] = [];
  constructor(private readonly sys: Syscalls) {}

  /** Takes ownership of a descriptor and returns it. */
  add(fd: number): number {
    this.#open.push(fd);
    return fd;
  }

  /** Transfers all descriptors to a new owner. */
  release(): Descriptors {
    const next = new Descriptors(this.sys);
    next.#open = this.#open;
    this.#open = [];
    return next;
  }

  [Symbol.dispose](): void {
    for (let fd = this.#open.pop(); fd !== undefined; fd = this.#open.pop()) {
      try {
        this.sys.close(fd);
      } catch {
        // close(2) frees the descriptor even if it reports an error.
      }
    }
  }
}
