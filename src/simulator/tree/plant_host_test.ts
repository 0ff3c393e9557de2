import { assert, assertEquals, assertThrows } from "@std/assert";
import { basename, dirname, join, resolve } from "@std/path";
import type { HostRoots } from "../../host/roots.ts";
import { SCENARIOS } from "../hosts/scenarios.ts";
import { plantHost } from "./plant_host.ts";

/** Plants a scenario while a test runs. */
function withHost(name: string, test: (roots: HostRoots) => void): void {
  const directory = Deno.makeTempDirSync({ prefix: "vfio-ask-" });
  try {
    test(plantHost(SCENARIOS[name]!, directory));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function read(path: string): string {
  return Deno.readTextFileSync(path).trimEnd();
}

function list(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

/** Every link below a directory. */
function* links(directory: string): Generator<string> {
  for (const { name, isSymlink, isDirectory } of Deno.readDirSync(directory)) {
    const path = join(directory, name);
    if (isSymlink) yield path;
    else if (isDirectory) yield* links(path);
  }
}

for (const name of Object.keys(SCENARIOS)) {
  Deno.test(`plantHost() plants ${name} with relative links that stay inside the tree`, () => {
    withHost(name, ({ sys }) => {
      let count = 0;
      for (const link of links(sys)) {
        const text = Deno.readLinkSync(link);
        assert(text.startsWith("../"), `${link} -> ${text}`);
        const target = resolve(dirname(link), text);
        assert(target.startsWith(`${sys}/`), `${link} -> ${text}`);
        assert(Deno.realPathSync(link).startsWith(Deno.realPathSync(sys)), link);
        count++;
      }
      assert(count > 100);
    });
  });

  Deno.test(`plantHost() links each VFIO device of ${name} to its nodes`, () => {
    withHost(name, ({ sys, dev }) => {
      for (const vfio of list(`${sys}/class/vfio-dev`)) {
        const device = Deno.realPathSync(`${sys}/class/vfio-dev/${vfio}/device`);
        assertEquals(list(`${device}/vfio-dev`), [vfio]);
        const group = basename(Deno.readLinkSync(`${device}/iommu_group`));
        assert(list(`${sys}/kernel/iommu_groups/${group}/devices`).includes(basename(device)));
        const cdev = list(`${device}/vfio-dev/${vfio}`).includes("dev");
        assertEquals(list(`${dev}/vfio/devices`).includes(vfio), cdev);
        const node = list(`${dev}/vfio`).find((node) =>
          node === (cdev ? group : `noiommu-${group}`)
        );
        const age = Date.now() - Deno.statSync(`${dev}/vfio/${node}`).mtime!.getTime();
        assert(age > 59 * 60_000 && age < 61 * 60_000);
      }
    });
  });
}

Deno.test("plantHost() lays out an mdev's parent, types and instances as the kernel does", () => {
  withHost("gpu-host", ({ sys }) => {
    const parent = `${sys}/class/mdev_bus/0000:3b:00.0`;
    const type = `${parent}/mdev_supported_types/nvidia-232`;
    assertEquals(read(`${type}/name`), "GRID T4-4Q");
    assertEquals(
      read(`${type}/description`),
      "num_heads=4, frl_config=60, framebuffer=4096M, max_resolution=7680x4320, max_instance=4",
    );
    assertEquals(read(`${type}/device_api`), "vfio-pci");
    assertEquals(list(`${type}/devices`).length, 3);
    assertEquals(read(`${type}/available_instances`), "1");
    assertEquals(read(`${parent}/mdev_supported_types/nvidia-222/available_instances`), "0");
    const mdev = `${sys}/bus/mdev/devices/c40d81ae-6b92-4e1f-8d37-0f5a29e6b703`;
    assertEquals(Deno.readLinkSync(`${mdev}/mdev_type`), "../mdev_supported_types/nvidia-232");
    assertEquals(basename(dirname(Deno.realPathSync(mdev))), "0000:3b:00.0");
    assertEquals(read(`${mdev}/driver/module/version`), "550.54.16");
    assertEquals(read(`${mdev}/iommu_group/name`), "vfio-noiommu");
    assertEquals(read(`${mdev}/iommu_group/type`), "unknown");
  });
});

Deno.test("plantHost() lays out a physical function and its virtual functions", () => {
  withHost("nic-host", ({ sys }) => {
    const physical = `${sys}/bus/pci/devices/0000:c1:00.0`;
    assertEquals(read(`${physical}/sriov_numvfs`), "8");
    assertEquals(Deno.readLinkSync(`${physical}/virtfn7`), "../0000:c1:01.1");
    assertEquals(
      read(`${physical}/virtfn7/modalias`),
      "pci:v000015B3d0000101Esv000015B3sd00000041bc02sc00i00",
    );
    assertEquals(Deno.readLinkSync(`${physical}/virtfn7/physfn`), "../0000:c1:00.0");
    assertEquals(basename(Deno.readLinkSync(`${physical}/virtfn7/driver`)), "mlx5_vfio_pci");
    assertEquals(read(`${physical}/numa_node`), "1");
    assertEquals(Deno.readFileSync(`${physical}/config`).length, 4096);
    assertEquals(Deno.readFileSync(`${physical}/virtfn7/config`).slice(0, 4).toHex(), "ffffffff");
    assertEquals(
      read(`${physical}/resource`).split("\n")[0],
      "0x000002007c000000 0x000002007dffffff 0x000000000014220c",
    );
  });
});

Deno.test("plantHost() lays out vGPU types that are set on functions", () => {
  withHost("mixed", ({ sys }) => {
    const functions = ["0000:17:00.4", "0000:17:00.5"].map((id) =>
      `${sys}/bus/pci/devices/${id}/nvidia`
    ) as [string, string];
    assertEquals(read(`${functions[0]}/current_vgpu_type`), "1152");
    assertEquals(read(`${functions[0]}/creatable_vgpu_types`), "ID    : vGPU Name");
    assertEquals(read(`${functions[1]}/current_vgpu_type`), "0");
    assertEquals(read(`${functions[1]}/creatable_vgpu_types`).split("\n"), [
      "ID    : vGPU Name",
      "1152  : NVIDIA L40S-8Q",
      "1162  : NVIDIA L40S-8A",
    ]);
  });
});

Deno.test("plantHost() plants unreadable attributes as in the scenario", () => {
  withHost("mixed", ({ sys }) => {
    const device = `${sys}/bus/pci/devices/0000:0a:00.0`;
    assertThrows(() => Deno.readTextFileSync(`${device}/vendor`));
    assertThrows(() => Deno.readTextFileSync(`${device}/modalias`));
    assertEquals(read(`${device}/class`), "0x010802");
  });
});

Deno.test("plantHost() shows in /proc which process holds what", () => {
  withHost("gpu-host", ({ proc }) => {
    assertEquals(read(`${proc}/sys/kernel/osrelease`), "6.8.0-51-generic");
    assertEquals(read(`${proc}/22048/comm`), "qemu-system-x86");
    const files = list(`${proc}/22048/fd`).map((fd) => Deno.readLinkSync(`${proc}/22048/fd/${fd}`));
    assert(files.includes("/dev/vfio/devices/vfio6"));
    assert(files.includes("anon_inode:kvm-vm"));
    assertEquals(list(`${proc}/2/fd`), []);
  });
});
