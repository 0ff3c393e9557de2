import { assertEquals } from "@std/assert";
import {
  IOMMU_IOAS_MAP,
  iommu_ioas_map,
  IOMMU_IOAS_MAP_FIXED_IOVA,
  IOMMU_IOAS_MAP_READABLE,
  IOMMU_IOAS_UNMAP,
  iommu_ioas_unmap,
} from "../../../ffi/iommufd.ts";
import { allocIoas, assertErrno, closeAll, openByCdev, simulate } from "./testing.ts";

const FIXED = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE;
const ALL = (1n << 64n) - 1n;

/** An address space, four pages of memory, and requests on them. */
function plant() {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const ioas_id = allocIoas(calls, iommufd);
  const memory = new Uint8Array(0x4000);
  return {
    map(change: Partial<Parameters<typeof iommu_ioas_map.make>[0]> = {}): bigint {
      const request = iommu_ioas_map.make({
        size: 40,
        flags: FIXED,
        ioas_id,
        user_va: calls.addressOf(memory),
        length: 0x4000n,
        ...change,
      });
      calls.ioctl(iommufd, IOMMU_IOAS_MAP, request);
      return iommu_ioas_map.read(request).iova;
    },
    unmap(iova: bigint, length: bigint): bigint {
      const request = iommu_ioas_unmap.make({ size: 24, ioas_id, iova, length });
      calls.ioctl(iommufd, IOMMU_IOAS_UNMAP, request);
      return iommu_ioas_unmap.read(request).length;
    },
    [Symbol.dispose]: () => closeAll(calls, device, iommufd),
  };
}

Deno.test("mapIoas() uses the requested address, or chooses a free one that is not 0", () => {
  using space = plant();
  assertEquals(space.map({ iova: 0x8000n }), 0x8000n);
  assertErrno("EEXIST", () => space.map({ iova: 0xb000n }));
  assertEquals(space.map({ flags: IOMMU_IOAS_MAP_READABLE }), 0xc000n);
  assertEquals(space.unmap(0n, ALL), 0x8000n);
  assertEquals(space.map({ flags: IOMMU_IOAS_MAP_READABLE }), 0x1000n);
});

Deno.test("mapIoas() refuses partial pages, and missing memory, access or address space", () => {
  using space = plant();
  assertErrno("EINVAL", () => space.map({ length: 0n }));
  assertErrno("EINVAL", () => space.map({ length: 0x800n }));
  assertErrno("EINVAL", () => space.map({ iova: 0x800n }));
  assertErrno("EFAULT", () => space.map({ length: 0x5000n }));
  assertErrno("EINVAL", () => space.map({ flags: IOMMU_IOAS_MAP_FIXED_IOVA }));
  assertErrno("EOPNOTSUPP", () => space.map({ flags: FIXED | 8 }));
  assertErrno("ENOENT", () => space.map({ ioas_id: 4711 }));
});

Deno.test("unmapIoas() removes whole mappings and reports their size", () => {
  using space = plant();
  space.map({ iova: 0x8000n });
  assertErrno("ENOENT", () => space.unmap(0x8000n, 0x1000n));
  assertErrno("ENOENT", () => space.unmap(0x20000n, 0x1000n));
  assertErrno("EINVAL", () => space.unmap(0x8000n, 0n));
  assertEquals(space.unmap(0x7000n, 0x6000n), 0x4000n);
  assertErrno("ENOENT", () => space.unmap(0x8000n, 0x4000n));
  assertEquals(space.unmap(0n, ALL), 0n);
});
