import { assertEquals } from "@std/assert";
import * as devlink from "../ffi/devlink.ts";
import * as iommufd from "../ffi/iommufd.ts";
import * as netlink from "../ffi/netlink.ts";
import type { Fields, Struct } from "../ffi/struct.ts";
import * as unixSocket from "../ffi/unix_socket.ts";
import * as vfio from "../ffi/vfio.ts";
import * as migration from "../ffi/vfio_migration.ts";
import linux from "./fixtures/abi/linux-6.12.json" with { type: "json" };

/** The values that a C compiler printed from the kernel's headers; see scripts/abi.ts. */
const printed: Readonly<Record<string, number | string | null>> = linux;
const declared: Record<string, unknown> = {
  ...vfio,
  ...migration,
  ...iommufd,
  ...netlink,
  ...devlink,
  ...unixSocket,
};

/** The width of each type in bytes. */
const WIDTH = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8 } as const;

/** Names that these headers do not have yet. */
const LATER = ["VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2", "VFIO_PRECOPY_INFO_REINIT"];

for (const [name, value] of Object.entries(declared)) {
  if (typeof value === "number") {
    Deno.test(`${name} has the number from the header`, () => {
      assertEquals(printed[name], LATER.includes(name) ? null : value);
    });
    continue;
  }
  const { size, fields } = value as Struct<Fields>;
  Deno.test(`struct ${name} has the layout from the header`, () => {
    assertEquals(printed[name], size);
    for (const [field, at] of Object.entries(fields)) {
      assertEquals(printed[`${name}.${field}`], at[1], `offset of ${field}`);
      assertEquals(printed[`${name}.${field}:width`], WIDTH[at[0]], `width of ${field}`);
    }
  });
}

Deno.test("every number from the header is declared", () => {
  const known = Object.keys(declared);
  const strangers = Object.keys(printed).filter((name) =>
    name !== "linux" && !known.includes(name.replace(/[.:].*/, ""))
  );
  assertEquals(strangers, []);
});
