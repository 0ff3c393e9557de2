import { assertEquals, assertStringIncludes } from "@std/assert";
import { vfio_device_migration_info } from "../../ffi/vfio_migration.ts";
import { openDevice } from "../device/mod.ts";
import { surveyDevice } from "../probe/mod.ts";
import { watchSyscalls } from "../../tests/fixtures/watch_kernel.ts";
import { plantHost, SCENARIOS } from "../simulator/mod.ts";
import { lastPart, listVfioDevices, readDevice } from "../host/mod.ts";
import { readInitialData } from "./read_initial_data.ts";
import { testTarget } from "./test_target.ts";

/** A function with a v1 migration region. */
const ID = "0000:3f:01.0";
const SOURCE = { data: new Uint8Array(32), phase: "pre-copy" } as const;

/** Reads and tests a v1 device whose driver returns these registers. Returns the results and where data went. */
async function withRegisters(registers: { data_offset?: bigint; data_size?: bigint }) {
  const directory = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    const roots = plantHost(SCENARIOS.mixed!, directory);
    const kernel = watchSyscalls(SCENARIOS.mixed!, roots);
    const moved: bigint[] = [];
    let start = 0n;
    const note = (offset: bigint, bytes: number) => {
      if (start > 0n && bytes > 8) moved.push(offset - start);
    };
    const sys: typeof kernel = {
      ...kernel,
      pread(fd, buffer, offset) {
        note(offset, buffer.length);
        const count = kernel.pread(fd, buffer, offset);
        for (const name of ["data_offset", "data_size"] as const) {
          const value = registers[name];
          const at = start + BigInt(vfio_device_migration_info.fields[name][1]);
          if (value === undefined || start === 0n || offset !== at) continue;
          new DataView(buffer.buffer).setBigUint64(0, value, true);
        }
        return count;
      },
      pwrite(fd, buffer, offset) {
        note(offset, buffer.length);
        return kernel.pwrite(fd, buffer, offset);
      },
    };
    const path = listVfioDevices(roots).find((found) => lastPart(found.path) === ID)!;
    const opened = openDevice(sys, roots, readDevice(roots, path));
    if (opened.kind !== "open") throw new Error(opened.kind);
    using device = opened.handle;
    const { migration, v1 } = surveyDevice(device, ID);
    start = v1!.offset;
    const of = { id: ID, migration, v1 };
    const { why } = await readInitialData(device, { ...of, stopCopyBytes: null });
    const { test } = testTarget(device, { ...of, source: SOURCE, controls: "off" });
    return { why, test, moved, state: kernel.stateOf(ID) };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("a v1 driver's data_offset outside its region moves no data", async () => {
  for (const data_offset of [1n << 40n, (1n << 64n) - 8n, 0n, 24n]) {
    const { why, test, moved, state } = await withRegisters({ data_offset });
    assertStringIncludes(why ?? "", "data section: 0 of 1 bytes");
    assertEquals([test.source?.is, moved, state], ["not-handed", [], "running"]);
  }
});

Deno.test("a v1 driver's data_size beyond its region reads nothing", async () => {
  const { why, moved, state } = await withRegisters({ data_size: 1n << 32n });
  assertStringIncludes(why ?? "", "data section: ");
  assertEquals([moved, state], [[], "running"]);
});
