import { assertEquals, assertThrows } from "@std/assert";
import { O_RDWR, O_WRONLY } from "../../../ffi/syscalls.ts";
import { lastPart, listVfioDevices, readDevice, readMdevTypes } from "../../host/mod.ts";
import { SCENARIOS } from "../hosts/scenarios.ts";
import { plantHost } from "../tree/plant_host.ts";
import { type WatchedSyscalls, watchSyscalls } from "../../../tests/fixtures/watch_kernel.ts";
import { assertErrno } from "./testing.ts";

const UUID = "0f0e0d0c-0000-4000-8000-00000000000a";

/** The mixed host, with a function that writes attributes by their path below `/sys`. */
function onHost(
  run: (host: {
    sys: WatchedSyscalls;
    roots: ReturnType<typeof plantHost>;
    write: (path: string, text: string) => number;
    names: () => string[];
  }) => void,
): void {
  const directory = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    const roots = plantHost(SCENARIOS.mixed!, directory);
    const sys = watchSyscalls(SCENARIOS.mixed!, roots);
    const write = (path: string, text: string) => {
      const fd = sys.open(`${roots.sys}/${path}`, O_WRONLY);
      try {
        return sys.write(fd, new TextEncoder().encode(text));
      } finally {
        sys.close(fd);
      }
    };
    run({
      sys,
      roots,
      write,
      names: () => listVfioDevices(roots).map(({ path }) => lastPart(path)),
    });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const CREATE = "class/mdev_bus/mtty/mdev_supported_types/mtty-2/create";
const REMOVE = `bus/mdev/devices/${UUID}/remove`;

Deno.test("a simulated mdev is created by a write to create, opens, and is removed by a write to remove", () => {
  onHost(({ sys, roots, write, names }) => {
    const before = [names(), readMdevTypes(roots, "mtty")];
    assertEquals(write(CREATE, `${UUID}\n`), 37);
    assertEquals([names().includes(UUID), sys.mdevs, sys.stateOf(UUID)], [true, [UUID], "running"]);
    const path = listVfioDevices(roots).find((found) => lastPart(found.path) === UUID)!;
    const { type, parent, nodes } = readDevice(roots, path);
    assertEquals([type, parent], ["mtty-2", "mtty"]);
    sys.close(sys.open(nodes.group!.replace("/dev", roots.dev), O_RDWR));
    assertEquals(write(REMOVE, "1"), 1);
    assertEquals([[names(), readMdevTypes(roots, "mtty")], sys.mdevs], [before, []]);
  });
});

Deno.test("a simulated kernel refuses to create or remove mdevs as Linux does", () => {
  onHost(({ write, roots, sys }) => {
    assertErrno("EINVAL", () => write(CREATE, "no-uuid"));
    assertErrno("EINVAL", () => write(CREATE, ""));
    assertErrno("ENOENT", () => write(CREATE.replace("mtty-2", "mtty-9"), UUID));
    assertErrno("ENOENT", () => write(REMOVE, "1"));
    const types = readMdevTypes(roots, "mtty");
    const { availableInstances } = types.find(({ type }) => type === "mtty-2")!;
    write(CREATE, UUID);
    assertErrno("EEXIST", () => write(CREATE, UUID));
    for (let made = 1; made < availableInstances!; made++) write(CREATE, crypto.randomUUID());
    assertErrno("ENOSPC", () => write(CREATE, crypto.randomUUID()));
    assertErrno("EINVAL", () => write(REMOVE, "yes"));
    assertEquals(sys.openDescriptors, 0);
    assertThrows(() => sys.stateOf("nobody"));
  });
});
