import { assertEquals } from "@std/assert";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_GET_IRQ_INFO,
  VFIO_DEVICE_GET_REGION_INFO,
  vfio_irq_info,
  VFIO_PCI_CONFIG_REGION_INDEX,
  vfio_region_info,
} from "../../../ffi/vfio.ts";
import { assertErrno, closeAll, openByCdev, simulate } from "./testing.ts";

const CONFIG = BigInt(VFIO_PCI_CONFIG_REGION_INDEX) << 40n;

function regionInfo(calls: Syscalls, device: number, index: number, argsz = 32) {
  const argument = vfio_region_info.make({ argsz, index }, argsz - 32);
  calls.ioctl(device, VFIO_DEVICE_GET_REGION_INFO, argument);
  return { ...vfio_region_info.read(argument), bytes: argument };
}

Deno.test("getRegionInfo() returns in argsz how much room the capabilities need", () => {
  const calls = simulate("gpu-host");
  const { iommufd, device } = openByCdev(calls, "vfio3");
  const short = regionInfo(calls, device, 0);
  assertEquals([short.argsz, short.cap_offset, short.flags], [80, 0, 0b1111]);
  const whole = regionInfo(calls, device, 0, short.argsz);
  assertEquals([whole.argsz, whole.cap_offset, whole.flags], [80, 32, 0b1111]);
  const view = new DataView(whole.bytes.buffer);
  assertEquals(
    [view.getUint16(32, true), view.getUint16(34, true), view.getUint32(36, true)],
    [1, 1, 0],
  );
  assertEquals(view.getUint32(40, true), 2);
  assertEquals(
    [48, 56, 64, 72].map((offset) => view.getBigUint64(offset, true)),
    [0n, 0x90000n, 0xa0000n, 0xf60000n],
  );
  closeAll(calls, device, iommufd);
});

Deno.test("getRegionInfo() writes no capability beyond the caller's bytes", () => {
  const calls = simulate("gpu-host");
  const { iommufd, device } = openByCdev(calls, "vfio3");
  const argument = vfio_region_info.make({ argsz: 80, index: 0 });
  assertErrno("EFAULT", () => calls.ioctl(device, VFIO_DEVICE_GET_REGION_INFO, argument));
  closeAll(calls, device, iommufd);
});

Deno.test("getRegionInfo() reports the BAR of the MSI-X table, and refuses an index past the end", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const { bytes, size } = regionInfo(calls, device, 0, 64);
  assertEquals(new DataView(bytes.buffer).getUint16(32, true), 3);
  assertEquals(size, 2n * 1024n * 1024n);
  assertEquals(regionInfo(calls, device, 1).size, 0n);
  assertErrno("EINVAL", () => regionInfo(calls, device, 8));
  assertErrno("EINVAL", () => regionInfo(calls, device, 9));
  closeAll(calls, device, iommufd);
});

Deno.test("getIrqInfo() counts vectors and refuses an index past the end", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const argument = vfio_irq_info.make({ argsz: 16, index: 2 });
  calls.ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, argument);
  assertEquals(vfio_irq_info.read(argument).count, 12);
  const past = vfio_irq_info.make({ argsz: 16, index: 5 });
  assertErrno("EINVAL", () => calls.ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, past));
  closeAll(calls, device, iommufd);
});

Deno.test("readRegion() reads a configuration whose capability chain ends", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const config = new Uint8Array(4096);
  assertEquals(calls.pread(device, config, CONFIG), 4096);
  const view = new DataView(config.buffer);
  assertEquals(view.getUint32(0, true), 0x101e15b3);
  assertEquals(view.getUint32(8, true), 0x02000000);
  const ids: number[] = [];
  for (let at = config[0x34]!; at !== 0; at = config[at + 1]!) ids.push(config[at]!);
  assertEquals(ids, [0x10, 0x11]);
  assertEquals(calls.pread(device, new Uint8Array(8), CONFIG + 4092n), 4);
  assertErrno("EINVAL", () => calls.pread(device, new Uint8Array(8), CONFIG + 4096n));
  closeAll(calls, device, iommufd);
});

Deno.test("writeRegion() lets a guest size a BAR, and keeps ids unchanged", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  calls.pwrite(device, new Uint8Array(8).fill(0xff), CONFIG + 0x10n);
  calls.pwrite(device, new Uint8Array(4), CONFIG);
  const config = new Uint8Array(64);
  calls.pread(device, config, CONFIG);
  const view = new DataView(config.buffer);
  assertEquals(view.getBigUint64(0x10, true), 0xffff_ffff_ffe0_000cn);
  assertEquals(view.getUint32(0, true), 0x101e15b3);
  closeAll(calls, device, iommufd);
});

Deno.test("regionsOf() has a platform device's windows and no configuration", () => {
  const calls = simulate("mixed");
  const { iommufd, device } = openByCdev(calls, "vfio14");
  assertEquals([0, 1, 2].map((index) => regionInfo(calls, device, index).size), [
    65536n,
    65536n,
    4096n,
  ]);
  assertErrno("EINVAL", () => regionInfo(calls, device, 3));
  closeAll(calls, device, iommufd);
});
