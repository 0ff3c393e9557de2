import { join } from "@std/path";
import {
  type Device,
  formatSnapshot,
  parseSnapshot,
  type Snapshot,
} from "../../src/documents/mod.ts";
import { shippedRules } from "../../src/judge/rules/mod.ts";
import { TOP } from "./build.ts";

/** The minimum and maximum number of devices of a host. */
export type DeviceRange = readonly [least: number, most: number];

/**
 * Writes snapshots of hosts to a folder, like `vfio-ask snapshot`. The hosts are copies of the recorded ones, each with
 * its own name and with copies of its devices up to a number in the range. The hosts are the same in every run.
 */
export function plantHosts(folder: string, hosts: number, range: DeviceRange): void {
  const templates = readTemplates();
  Deno.mkdirSync(folder, { recursive: true });
  for (let n = 0; n < hosts; n++) {
    const host = makeHost(templates[n % templates.length]!, n, range);
    Deno.writeTextFileSync(
      join(folder, `${host.host.name}.json`),
      formatSnapshot(host),
    );
  }
}

function readTemplates(): Snapshot[] {
  const folder = join(TOP, "tests/fixtures/hosts");
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
    name.endsWith(".json")
  ).sort().map((name) => parseSnapshot(JSON.parse(Deno.readTextFileSync(join(folder, name)))));
}

function makeHost(template: Snapshot, n: number, [least, most]: DeviceRange): Snapshot {
  const count = least + n % (most - least + 1);
  return {
    ...template,
    snapshot: 1 + n % 9,
    host: { ...template.host, name: `hv-${String(n).padStart(5, "0")}` },
    rules: shippedRules(),
    devices: Array.from(
      { length: count },
      (_, index) => makeDevice(template.devices[index % template.devices.length]!, n, index),
    ),
  };
}

/** A copy of a device. The first copy of each device is unchanged, every third of the others is in use. */
function makeDevice(device: Device, n: number, index: number): Device {
  const id = `${device.id.slice(0, -4)}${index.toString(16).padStart(4, "0")}`;
  const holder = { pid: 20_000 + n % 1000, name: "qemu-system-x86", node: "/dev/vfio/1" };
  const use: Device["use"] = index % 3 === 2 ? { state: "in-use", holder } : device.use;
  return { ...device, id, use, sysfs: device.sysfs.replaceAll(device.id, id) };
}
