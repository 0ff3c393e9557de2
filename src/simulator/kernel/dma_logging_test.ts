import { assertEquals } from "@std/assert";
import type { Bytes, Syscalls } from "../../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_PROBE,
  VFIO_DEVICE_FEATURE_SET,
} from "../../../ffi/vfio.ts";
import {
  vfio_device_feature_dma_logging_control,
  vfio_device_feature_dma_logging_range,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
  vfio_device_feature_dma_logging_report,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
} from "../../../ffi/vfio_migration.ts";
import { simulateSyscalls } from "./simulate_syscalls.ts";
import {
  assertErrno,
  closeAll,
  feature,
  openByCdev,
  openByGroup,
  ROOTS,
  scenario,
  simulate,
} from "./testing.ts";

const PAGE = 4096n;
const LENGTH = 1024n * PAGE;

function range(iova: bigint, length: bigint): Bytes {
  return vfio_device_feature_dma_logging_range.make({ iova, length });
}

function start(calls: Syscalls, device: number, ranges: bigint, num_ranges = 1): void {
  const flags = VFIO_DEVICE_FEATURE_DMA_LOGGING_START | VFIO_DEVICE_FEATURE_SET;
  const control = { page_size: PAGE, num_ranges, ranges };
  feature(calls, device, flags, vfio_device_feature_dma_logging_control.make(control));
}

function report(calls: Syscalls, device: number, bitmap: bigint, page_size = PAGE): void {
  const flags = VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT | VFIO_DEVICE_FEATURE_GET;
  const wanted = { iova: 0n, length: LENGTH, page_size, bitmap };
  feature(calls, device, flags, vfio_device_feature_dma_logging_report.make(wanted));
}

function stop(calls: Syscalls, device: number): void {
  feature(calls, device, VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP | VFIO_DEVICE_FEATURE_SET);
}

Deno.test("startLogging(), reportLogging() and stopLogging() follow the caller's pointers", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const ranges = range(0n, LENGTH);
  const bitmap = new Uint8Array(128);
  assertErrno("EINVAL", () => report(calls, device, calls.addressOf(bitmap)));
  start(calls, device, calls.addressOf(ranges));
  assertErrno("EINVAL", () => start(calls, device, calls.addressOf(ranges)));
  report(calls, device, calls.addressOf(bitmap));
  assertEquals(bitmap.every((byte) => byte === 0), true);
  stop(calls, device);
  stop(calls, device);
  closeAll(calls, device, iommufd);
});

Deno.test("startLogging() refuses what vfio_main.c refuses", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const overlapping = new Uint8Array([...range(0n, 2n * PAGE), ...range(PAGE, PAGE)]);
  const odd = range(1n, PAGE);
  const huge = range(-PAGE + (1n << 64n), 2n * PAGE);
  assertErrno("EINVAL", () => start(calls, device, calls.addressOf(odd)));
  assertErrno("EINVAL", () => start(calls, device, calls.addressOf(odd), 0));
  assertErrno("EINVAL", () => start(calls, device, calls.addressOf(overlapping), 2));
  assertErrno("EOVERFLOW", () => start(calls, device, calls.addressOf(huge)));
  assertErrno("E2BIG", () => start(calls, device, calls.addressOf(odd), 257));
  assertErrno("EFAULT", () => start(calls, device, calls.addressOf(odd), 2));
  assertErrno("EFAULT", () => start(calls, device, 0x1000n));
  closeAll(calls, device, iommufd);
});

Deno.test("reportLogging() checks page size and bitmap", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const ranges = range(0n, LENGTH);
  const bitmap = new Uint8Array(128);
  start(calls, device, calls.addressOf(ranges));
  assertErrno("EINVAL", () => report(calls, device, calls.addressOf(bitmap), 2048n));
  assertErrno("EINVAL", () => report(calls, device, calls.addressOf(bitmap), 12288n));
  assertErrno("EFAULT", () => report(calls, device, calls.addressOf(bitmap.subarray(64))));
  assertErrno("EFAULT", () => report(calls, device, 0n));
  report(calls, device, calls.addressOf(bitmap.subarray(64)), 2n * PAGE);
  closeAll(calls, device, iommufd);
});

Deno.test("reportLogging() fails if the device or its kernel cannot report, after a successful probe", () => {
  const { host, ...rest } = scenario("nic-host");
  const old = simulateSyscalls({ ...rest, host: { ...host, iommufd: false } }, ROOTS);
  const mixed = simulate("mixed");
  const cdev = openByCdev(mixed, "vfio10");
  const group = openByGroup(old, "107", "0000:c1:01.1");
  for (const [calls, device] of [[mixed, cdev.device], [old, group.device]] as const) {
    const [ranges, bitmap] = [range(0n, LENGTH), new Uint8Array(128)];
    feature(calls, device, VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT | VFIO_DEVICE_FEATURE_PROBE);
    start(calls, device, calls.addressOf(ranges));
    assertErrno("EOPNOTSUPP", () => report(calls, device, calls.addressOf(bitmap)));
    stop(calls, device);
  }
  closeAll(mixed, cdev.device, cdev.iommufd);
  closeAll(old, group.device, group.group, group.container);
});
