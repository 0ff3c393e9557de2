import { assertEquals } from "@std/assert";
import { plantEmptyHost, plantProcess, plantRefusal } from "../../tests/fixtures/planted_host.ts";
import { readHolders } from "./holders.ts";

const QEMU = "qemu-system-x86";

Deno.test("readHolders() finds the holder of a group, a no-IOMMU group and a cdev", async () => {
  using host = plantEmptyHost();
  plantProcess(host, { pid: 11, comm: QEMU, files: ["/dev/vfio/vfio", "/dev/vfio/12"] });
  plantProcess(host, { pid: 12, comm: QEMU, files: ["/dev/iommu", "/dev/vfio/devices/vfio3"] });
  plantProcess(host, { pid: 13, comm: "dpdk", files: ["/dev/vfio/noiommu-4"] });
  const { byNode, complete } = await readHolders(host.roots);
  assertEquals(Object.fromEntries(byNode) as unknown, {
    "/dev/vfio/12": { pid: 11, name: QEMU, node: "/dev/vfio/12" },
    "/dev/vfio/devices/vfio3": { pid: 12, name: QEMU, node: "/dev/vfio/devices/vfio3" },
    "/dev/vfio/noiommu-4": { pid: 13, name: "dpdk", node: "/dev/vfio/noiommu-4" },
  });
  assertEquals(complete, true);
});

Deno.test("readHolders() skips links that only look like nodes", async () => {
  using host = plantEmptyHost();
  const files = ["/dev/vfio/vfio", "/srv/dev/vfio/12", "/dev/vfio/12.txt", "socket:[12]"];
  plantProcess(host, { pid: 11, comm: QEMU, files });
  assertEquals((await readHolders(host.roots)).byNode.size, 0);
});

Deno.test("readHolders() is incomplete if a process cannot be inspected", async () => {
  using host = plantEmptyHost();
  host.proc.attribute("10/comm", "secret");
  plantRefusal(host.proc, "10/fd");
  plantProcess(host, { pid: 11, comm: QEMU, files: ["/dev/vfio/12"] });
  const { byNode, complete } = await readHolders(host.roots);
  assertEquals([complete, byNode.get("/dev/vfio/12")?.pid], [false, 11]);
});

Deno.test("readHolders() skips a process that ends during the scan, and entries that are no processes", async () => {
  using host = plantEmptyHost();
  host.proc.directory("10");
  host.proc.directory("sys/kernel");
  host.proc.attribute("uptime", "12.5 3.1");
  host.proc.linkText("self", "10");
  const { byNode, complete } = await readHolders(host.roots);
  assertEquals([complete, byNode.size], [true, 0]);
});

Deno.test("readHolders() names a holder ? if its name is gone or cannot be read", async () => {
  using host = plantEmptyHost();
  host.proc.linkText("10/fd/3", "/dev/vfio/12");
  host.proc.linkText("11/fd/3", "/dev/vfio/13");
  // Reading comm returns ESRCH if the process ends after the open.
  host.proc.directory("11/comm");
  const { byNode } = await readHolders(host.roots);
  assertEquals([byNode.get("/dev/vfio/12")?.name, byNode.get("/dev/vfio/13")?.name], ["?", "?"]);
});

Deno.test("readHolders() excludes this process and those in except", async () => {
  using host = plantEmptyHost();
  plantProcess(host, { pid: Deno.pid, comm: "vfio-ask", files: ["/dev/vfio/12"] });
  plantProcess(host, { pid: Deno.pid + 1, comm: "vfio-ask", files: ["/dev/vfio/13"] });
  const { byNode } = await readHolders(host.roots, new Set([Deno.pid + 1]));
  assertEquals(byNode.size, 0);
});

Deno.test("readHolders() inspects every one of many processes", async () => {
  using host = plantEmptyHost();
  for (let pid = 1000; pid < 1200; pid++) {
    plantProcess(host, { pid: pid + 5_000_000, comm: QEMU, files: [`/dev/vfio/${pid}`] });
  }
  assertEquals((await readHolders(host.roots)).byNode.size, 200);
});
