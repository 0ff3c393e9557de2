import { join } from "@std/path";
import {
  type Device,
  formatSnapshot,
  parseSnapshot,
  type Snapshot,
} from "../../src/documents/mod.ts";
import { shippedRules } from "../../src/judge/rules/mod.ts";
import { TOP } from "./build.ts";

/** How many devices hosts have: at least and at most. */
export type DeviceRange = readonly [least: number, most: number];

/**
 * Writes snapshots of hosts into a folder, as `vfio-ask snapshot` does. Hosts are the recorded ones in turn, each with its own
 * name, and with as many more of its devices as the range says. The same hosts each time.
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

/** Another device like one: the first of each is as it was, every third of the others is held. */
function makeDevice(device: Device, n: number, index: number): Device {
  const id = `${device.id.slice(0, -4)}${index.toString(16).padStart(4, "0")}`;
  const holder = { pid: 20_000 + n % 1000, name: "qemu-system-x86", node: "/dev/vfio/1" };
  const use: Device["use"] = index % 3 === 2 ? { state: "in-use", holder } : device.use;
  return { ...device, id, use, sysfs: device.sysfs.replaceAll(device.id, id) };
}
