import { assertEquals } from "@std/assert";
import { type CommandLine, readCommandLine } from "./command_line.ts";

const MDEV = "11111111-0000-4000-8000-000000000001";

const read = (text: string) => readCommandLine(text.trim().split(/\s+/));
const optionsOf = (text: string) => read(text).devices.map(({ options }) => options);

/** As libvirt 11.3 starts QEMU 10.0, shortened. */
const LIBVIRT = `/usr/bin/qemu-system-x86_64 -name guest=g1,debug-threads=on -S
  -object {"qom-type":"secret","id":"masterKey0","format":"raw","file":"/var/lib/x"}
  -machine pc-q35-10.0,usb=off,dump-guest-core=off,memory-backend=pc.ram -accel tcg
  -m size=65536k -uuid C0FFEE00-0000-4000-8000-000000000001 -no-user-config -nodefaults
  -device {"driver":"pcie-root-port","port":8,"chassis":1,"id":"pci.1","bus":"pcie.0","addr":"0x1"}
  -incoming defer
  -device {"driver":"vfio-pci","id":"hostdev0","sysfsdev":"/sys/bus/mdev/devices/${MDEV}","bus":"pci.1","addr":"0x0","enable-migration":"on"}
  -device {"driver":"vfio-pci","host":"0000:41:00.2","id":"hostdev1","bus":"pcie.0","iommufd":"iommufd0","x-device-dirty-page-tracking":false}
  -msg timestamp=on`;

Deno.test("readCommandLine() reads how libvirt starts QEMU", () => {
  const expected: CommandLine = {
    name: "g1",
    uuid: "c0ffee00-0000-4000-8000-000000000001",
    machineType: "pc-q35-10.0",
    incoming: true,
    devices: [
      {
        id: MDEV,
        fd: null,
        alias: "hostdev0",
        options: {
          pciBus: "port",
          backend: "container",
          enableMigration: "on",
          deviceDirtyPageTracking: "default",
        },
      },
      {
        id: "0000:41:00.2",
        fd: null,
        alias: "hostdev1",
        options: {
          pciBus: "root-complex",
          backend: "iommufd",
          enableMigration: "default",
          deviceDirtyPageTracking: "off",
        },
      },
    ],
  };
  assertEquals(read(LIBVIRT), expected);
});

Deno.test("readCommandLine() reads commas, implied names and switches as QEMU does", () => {
  assertEquals(readCommandLine(["qemu", "-name", "a,,b=c,,,process=x"]).name, "a,b=c,");
  assertEquals(readCommandLine(["qemu", "-name", "debug-threads=on,guest=b"]).name, "b");
  assertEquals(readCommandLine(["qemu", "--machine", "accel=tcg,type=virt"]).machineType, "virt");
  assertEquals(read("qemu -M q35 -machine accel=kvm").machineType, "q35");
  const [device] = read("qemu --device vfio-pci,host=1:0.3,enable-migration=yes").devices;
  assertEquals([device!.id, device!.options.enableMigration], ["0000:01:00.3", "on"]);
  assertEquals(
    read("qemu -device vfio-pci,fd=31,iommufd=i0").devices.map(({ id, fd }) => [id, fd]),
    [
      [null, 31],
    ],
  );
  assertEquals(
    read("qemu -device vfio-ap,sysfsdev=/sys/devices/vfio_ap/matrix/u/").devices[0]!.id,
    "u",
  );
  // A file named by the monitor has no number.
  assertEquals(read('qemu -device {"driver":"vfio-pci","fd":"vfio0"}').devices[0]!.fd, null);
});

Deno.test("readCommandLine() finds where a device is in the machine", () => {
  const busOf = (text: string) => optionsOf(text)[0]!.pciBus;
  assertEquals(busOf("qemu -M q35 -device vfio-pci,host=1:0.0"), "root-complex");
  assertEquals(busOf("qemu -M pc-i440fx-10.0 -device vfio-pci,host=1:0.0"), "conventional");
  assertEquals(busOf("qemu -device vfio-pci,host=1:0.0"), null);
  assertEquals(
    busOf("qemu -device pci-bridge,id=b -device vfio-pci,host=1:0.0,bus=b.0"),
    "conventional",
  );
  assertEquals(busOf("qemu -device pxb-pcie,id=b -device vfio-pci,host=1:0.0,bus=b"), null);
  assertEquals(busOf("qemu -M q35 -device vfio-ap,sysfsdev=/x"), null);
});

Deno.test("readCommandLine() reads properties that other arguments set, or says that they are unknown", () => {
  const ofOne = (text: string) => {
    const { enableMigration, deviceDirtyPageTracking } = optionsOf(text)[0]!;
    return [enableMigration, deviceDirtyPageTracking];
  };
  const device = "qemu -device vfio-pci,host=1:0.0,id=h";
  assertEquals(ofOne(device), ["default", "default"]);
  assertEquals(ofOne(`${device} -set device.h.enable-migration=on`), ["on", "default"]);
  assertEquals(ofOne(`${device} -set device.g.enable-migration=on`), ["default", "default"]);
  assertEquals(ofOne(`${device} -global vfio-pci.x-device-dirty-page-tracking=off`), [
    "default",
    "off",
  ]);
  assertEquals(
    ofOne(
      `${device},enable-migration=off -global driver=vfio-pci,property=enable-migration,value=on`,
    ),
    ["off", "default"],
  );
  assertEquals(ofOne(`${device},x-enable-migration=true`), ["on", "default"]);
  assertEquals(ofOne(`${device},enable-migration=perhaps`), [null, "default"]);
  assertEquals(ofOne(`${device} -readconfig /x`), [null, null]);
  assertEquals(optionsOf(`${device} -readconfig /x`)[0]!.backend, null);
});

Deno.test("readCommandLine() takes any arguments", () => {
  const nothing = { name: null, uuid: null, machineType: null, incoming: false, devices: [] };
  for (const args of [[], [""], ["qemu", "-device"], ["-device", "{"], ["-device", "[1]"]]) {
    assertEquals(readCommandLine(args), nothing, JSON.stringify(args));
  }
  assertEquals(readCommandLine(["-device", '{"driver":7}', "-uuid", "x", "-name", ""]), nothing);
  assertEquals(readCommandLine(["-device", "null", "-device", ",,,", "-machine", "{}"]), nothing);
});
