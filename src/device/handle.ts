import type { Syscalls } from "../../ffi/syscalls.ts";

/** An open VFIO device. Dispose of it to close all that was opened for it, in the kernel's order. */
export interface DeviceHandle extends Disposable {
  readonly sys: Syscalls;
  /** The descriptor that takes `VFIO_DEVICE_*`. */
  readonly fd: number;
  readonly path: "cdev" | "group";
  readonly iommu: "iommufd" | "type1v2" | "type1" | "noiommu";
  /** The iommufd and the device's id in it, where it was opened by its cdev. */
  readonly bound: { readonly iommufd: number; readonly devid: number } | null;
}

/** Descriptors to close, last opened first; a close that fails is not worth hiding an answer for. */
export class Descriptors implements Disposable {
  #open: number[] = [];
  constructor(private readonly sys: Syscalls) {}

  /** Takes charge of a descriptor and gives it back. */
  add(fd: number): number {
    this.#open.push(fd);
    return fd;
  }

  /** Hands all of them over to a new owner. */
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
        // The descriptor is gone in any case: close(2) frees it before it reports.
      }
    }
  }
}
