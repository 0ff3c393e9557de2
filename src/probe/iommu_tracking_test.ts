import { assertEquals } from "@std/assert";
import * as requests from "../../ffi/iommufd.ts";
import * as vfio from "../../ffi/vfio.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { injectFaults } from "../../tests/fixtures/inject_faults.ts";
import { openByCdev, simulate } from "../simulator/kernel/testing.ts";
import type { DeviceHandle } from "../device/mod.ts";
import { testIommuTracking } from "./iommu_tracking.ts";

/** The steps in order, each with the request that undoes it. */
const STEPS = [
  ["IOMMU_IOAS_ALLOC", "IOMMU_DESTROY"],
  ["IOMMU_HWPT_ALLOC", "IOMMU_DESTROY"],
  ["VFIO_DEVICE_ATTACH_IOMMUFD_PT", "VFIO_DEVICE_DETACH_IOMMUFD_PT"],
  ["IOMMU_IOAS_MAP", "IOMMU_IOAS_UNMAP"],
  ["IOMMU_HWPT_SET_DIRTY_TRACKING", "IOMMU_HWPT_SET_DIRTY_TRACKING"],
  ["IOMMU_HWPT_GET_DIRTY_BITMAP", null],
] as const;
const UNDO = STEPS.map(([, undo]) => undo).filter((undo) => undo !== null);

/**
 * Runs the test on a device of a simulated host. Returns the requests that the kernel saw after the device was bound.
 */
function track(scenario: string, cdev: string, wrap = (calls: Syscalls) => calls) {
  const calls = simulate(scenario);
  const { iommufd, device, devid } = openByCdev(calls, cdev);
  const before = calls.log.length;
  const handle: DeviceHandle = {
    sys: wrap(calls),
    fd: device,
    path: "cdev",
    iommu: "iommufd",
    bound: { iommufd, devid },
    [Symbol.dispose]() {},
  };
  const said = testIommuTracking(handle);
  return { said, log: calls.log.slice(before).map((line) => line.split(" ").slice(2).join(" ")) };
}

Deno.test("testIommuTracking() maps a buffer for the test and undoes everything", () => {
  const { said, log } = track("nic-host", "vfio7");
  assertEquals(said, { result: "works", check: null });
  const done = STEPS.map(([request]) => `${request} = 0`);
  const undone = UNDO.map((request) => `${request} = 0`).reverse();
  assertEquals(log, ["IOMMU_GET_HW_INFO = 0", ...done, ...undone]);
});

for (const [index, [step]] of STEPS.entries()) {
  Deno.test(`testIommuTracking() undoes its steps if ${step} fails`, () => {
    const request = { ...requests, ...vfio }[step];
    const fault = { call: "ioctl", request, errno: "EOPNOTSUPP", times: 1 } as const;
    const { said, log } = track("nic-host", "vfio7", (calls) => injectFaults(calls, [fault]));
    const result = step === "IOMMU_HWPT_GET_DIRTY_BITMAP" ? "cannot-report" : "cannot-start";
    assertEquals(said, { result, check: { step, errno: "EOPNOTSUPP" } });
    const undone = UNDO.slice(0, index).map((request) => `${request} = 0`).reverse();
    assertEquals(log.slice(1 + index), undone);
  });
}

Deno.test("testIommuTracking() skips an IOMMU without tracking, and an emulated device", () => {
  const claimsNothing = track("gpu-host", "vfio8");
  assertEquals(claimsNothing.said, { result: "absent", check: null });
  assertEquals(claimsNothing.log, ["IOMMU_GET_HW_INFO = 0"]);
  const check = { step: "IOMMU_GET_HW_INFO", errno: "ENOENT" };
  assertEquals(track("gpu-host", "vfio3").said, { result: "absent", check });
});
