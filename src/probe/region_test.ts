import { assertEquals, assertThrows } from "@std/assert";
import {
  vfio_info_cap_header,
  vfio_region_info,
  vfio_region_info_cap_sparse_mmap,
  vfio_region_info_cap_type,
  VFIO_REGION_INFO_FLAG_CAPS,
  vfio_region_sparse_mmap_area,
} from "../../ffi/vfio.ts";
import { Failure } from "../documents/mod.ts";
import { parseRegionCapabilities } from "./region.ts";

/** A region's info with a chain. `put` writes capabilities at offsets. */
function chain(length: number, first: number, put: (bytes: Uint8Array) => void): Uint8Array {
  const flags = VFIO_REGION_INFO_FLAG_CAPS;
  const bytes = vfio_region_info.make({ argsz: length, flags, cap_offset: first }, length - 32);
  put(bytes);
  return bytes;
}

Deno.test("parseRegionCapabilities() reads type, sparse mmap and unknown capabilities in chain order", () => {
  const info = chain(112, 32, (bytes) => {
    vfio_info_cap_header.write(bytes, { id: 2, version: 1, next: 48 }, 32);
    vfio_region_info_cap_type.write(bytes, { type: 3, subtype: 1 }, 32);
    vfio_info_cap_header.write(bytes, { id: 1, version: 1, next: 96 }, 48);
    vfio_region_info_cap_sparse_mmap.write(bytes, { nr_areas: 2 }, 48);
    vfio_region_sparse_mmap_area.write(bytes, { offset: 0n, size: 4096n }, 64);
    vfio_region_sparse_mmap_area.write(bytes, { offset: 8192n, size: 4096n }, 80);
    vfio_info_cap_header.write(bytes, { id: 99, version: 1, next: 0 }, 96);
  });
  assertEquals(parseRegionCapabilities(info), [
    { id: 2, name: "type", type: 3, subtype: 1 },
    {
      id: 1,
      name: "sparse-mmap",
      areas: [{ offset: 0, size: 4096 }, { offset: 8192, size: 4096 }],
    },
    { id: 99, name: "capability-99" },
  ]);
});

Deno.test("parseRegionCapabilities() finds none without the flag, whatever the offset is", () => {
  assertEquals(parseRegionCapabilities(vfio_region_info.make({ argsz: 32, cap_offset: 7 })), []);
});

const BROKEN: [name: string, info: Uint8Array][] = [
  ["starts inside the info itself", chain(64, 8, () => {})],
  ["starts after the end", chain(64, 60, () => {})],
  [
    "points back",
    chain(64, 40, (bytes) => vfio_info_cap_header.write(bytes, { id: 99, next: 32 }, 40)),
  ],
  [
    "points to itself",
    chain(64, 40, (bytes) => vfio_info_cap_header.write(bytes, { id: 99, next: 40 }, 40)),
  ],
  [
    "counts more areas than fit",
    chain(64, 32, (bytes) => {
      vfio_info_cap_header.write(bytes, { id: 1 }, 32);
      vfio_region_info_cap_sparse_mmap.write(bytes, { nr_areas: 0xffffffff }, 32);
    }),
  ],
];

for (const [name, info] of BROKEN) {
  Deno.test(`parseRegionCapabilities() refuses a chain that ${name}`, () => {
    assertThrows(() => parseRegionCapabilities(info), Failure, "the chain is malformed");
  });
}

Deno.test("parseRegionCapabilities() ends on any bytes with an answer or a Failure", () => {
  // A fixed seed makes failures reproducible.
  let seed = 1;
  const random = () => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0) >>> 8;
  for (let round = 0; round < 20_000; round++) {
    const bytes = new Uint8Array(32 + random() % 160).map(() =>
      random() % 8 === 0 ? random() : random() % 64
    );
    vfio_region_info.write(bytes, { flags: VFIO_REGION_INFO_FLAG_CAPS, argsz: random() % 256 });
    try {
      const found = parseRegionCapabilities(bytes);
      assertEquals(found.length <= bytes.length / 8, true);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
});
