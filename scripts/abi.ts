/**
 * Prints the layouts that `ffi/` declares, as a C compiler sees them in the kernel headers.
 *
 *   deno task abi [--cc "gcc -I…"] [--chroot] [--check]
 *
 * With `--chroot`, compiler and headers are those of the test machine (scripts/vm). Writes
 * `tests/fixtures/abi/linux-X.Y.json`, named after the headers. `--check` compares instead. Macros that these headers
 * lack are null.
 */
import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";
import * as devlink from "../ffi/devlink.ts";
import * as iommufd from "../ffi/iommufd.ts";
import * as netlink from "../ffi/netlink.ts";
import type { Fields, Struct } from "../ffi/struct.ts";
import * as unixSocket from "../ffi/unix_socket.ts";
import * as vfio from "../ffi/vfio.ts";
import * as migration from "../ffi/vfio_migration.ts";

const DECLARED: Record<string, unknown> = {
  ...vfio,
  ...migration,
  ...iommufd,
  ...netlink,
  ...devlink,
  ...unixSocket,
};
/** Enumerators, which the preprocessor cannot test for. */
const ENUMERATORS =
  /^(VFIO_DEVICE_STATE_(?!V1_)|VFIO_PCI_\w+_INDEX|VFIO_PCI_NUM_REGIONS|IOMMU_HW_CAP_|IOMMU_HWPT_(ALLOC|DIRTY)_[A-Z]+(_|$)|IOMMU_IOAS_MAP_|CTRL_|DEVLINK_(CMD|ATTR|PORT_FLAVOUR|PORT_FN_ATTR)_)/;

const { cc, check, chroot } = parseArgs(Deno.args, {
  string: ["cc"],
  boolean: ["check", "chroot"],
});
const directory = await Deno.makeTempDir({ prefix: "abi-" });
try {
  await Deno.writeTextFile(join(directory, "abi.c"), cSource());
  const build = `${cc ?? "cc"} -o abi abi.c && ./abi`;
  const command = chroot
    ? `SCRATCH=$PWD ${Deno.cwd()}/scripts/vm/chroot sh -c 'cd /scratch && ${build}'`
    : build;
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", command],
    cwd: directory,
    stdout: "piped",
  }).output();
  if (!success) throw new Error(`Cannot run ${command}`);
  const printed = JSON.parse(new TextDecoder().decode(stdout));
  const path = `tests/fixtures/abi/linux-${printed.linux}.json`;
  const text = JSON.stringify(printed, null, 1) + "\n";
  if (!check) await Deno.writeTextFile(path, text);
  else if (await Deno.readTextFile(path) !== text) {
    throw new Error(`${path} differs from the headers: run deno task abi`);
  }
  console.log(`${path}: ${check ? "same as the headers" : "written"}`);
} finally {
  await Deno.remove(directory, { recursive: true });
}

/** A program that prints sizes, offsets, widths and numbers as JSON. */
function cSource(): string {
  const lines = Object.entries(DECLARED).flatMap(([name, value]) => {
    if (typeof value === "number") return [constant(name)];
    const { fields } = value as Struct<Fields>;
    return [
      `put("${name}", sizeof(struct ${name}));`,
      ...Object.keys(fields).flatMap((field) => [
        `put("${name}.${field}", offsetof(struct ${name}, ${field}));`,
        `put("${name}.${field}:width", sizeof(((struct ${name} *)0)->${field}));`,
      ]),
    ];
  });
  return `#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <grp.h>
#include <sys/socket.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include <linux/iommufd.h>
#include <linux/netlink.h>
#include <linux/genetlink.h>
#include <linux/devlink.h>
static void put(const char *name, unsigned long long value) { printf(",\\n\\"%s\\": %llu", name, value); }
static void absent(const char *name) { printf(",\\n\\"%s\\": null", name); }
int main(void) {
  printf("{\\"linux\\": \\"%d.%d\\"", LINUX_VERSION_CODE >> 16, LINUX_VERSION_CODE >> 8 & 255);
  ${lines.join("\n  ")}
  printf("}\\n");
  return 0;
}
`;
}

function constant(name: string): string {
  if (ENUMERATORS.test(name)) return `put("${name}", ${name});`;
  return `\n#ifdef ${name}\n  put("${name}", ${name});\n#else\n  absent("${name}");\n#endif`;
}
