/** A virtual machine from libvirt to libvirt, with nothing but what vfio-ask prints. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { VmCase } from "../case.ts";
import { assertMoved, removeDomain, startDomain, startMdev, stopMdev } from "./domain.ts";
import { type Host, hosta, hostb, otherThan } from "./host.ts";
import { MTTY_2_B, WIDE } from "./machines.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const [MDEV] = WIDE.mdevs;

/** Moves a machine from a host as the printed script says; returns the answer and the script. */
async function moveByScript(
  from: Host,
  name: string,
): Promise<{ document: string; plan: Json; script: string }> {
  const to = otherThan(from);
  const document = await from.must(`vfio-ask identity --vm ${name}`);
  const { together } = await to.json("vfio-ask ask - --json", { stdin: document });
  assertEquals(together.verdict, "compatible");
  const script = await to.must(
    `vfio-ask ask - --make commands --to qemu+tcp://${to.name}/system | tee /root/move.sh`,
    { stdin: document },
  );
  await to.must("sh /root/move.sh destination");
  await from.must("cd /root && cat > move.sh && sh move.sh source", { stdin: script });
  await assertMoved(from, name);
  return { document, plan: together.plans[0], script };
}

export const MACHINE_CASES: readonly VmCase[] = [
  {
    name: "a running machine is listed and described, with what decides about its migration",
    async run() {
      await startDomain(hosta, WIDE);
      console.log(await hosta.must("vfio-ask vm"));
      const { vms } = await hosta.json("vfio-ask vm --json");
      assertEquals(vms.map(({ name, state }: Json) => [name, state]), [["wide", "running"]]);
      const machine = await hosta.json("vfio-ask identity --vm wide | tee /root/vm.json");
      const { name, uuid, vmm, libvirt, sources, problems } = machine;
      assertEquals([name, uuid, problems], [WIDE.name, WIDE.uuid, []]);
      assertEquals(sources.map(({ id, type }: Json) => [id, type]), [[MDEV, "mtty-2"]]);
      assertEquals([vmm.machineType, sources[0].vmm.backend, sources[0].vmm.pciBus], [
        "pc-q35-10.0",
        "container",
        "port",
      ]);
      const said = await hosta.must("qemu-system-x86_64 --version");
      assertStringIncludes(said, `version ${vmm.qemu} `);
      assertStringIncludes(await hosta.must("virsh version --daemon"), libvirt.version);
      assertEquals(`${libvirt.xml}\n`, await hosta.must("virsh dumpxml --migratable wide"));
      // The service, which has no privileges, knows the same by its worker.
      const served = await hosta.json("curl -s http://127.0.0.1:7431/v1/vms/wide");
      assertEquals([served.libvirt, served.sources[0].vmm], [libvirt, sources[0].vmm]);
    },
  },
  {
    name: "libvirt's tools accept the XML and the definitions of a plan",
    async run() {
      const vm = await hosta.must("cat /root/vm.json");
      console.log(await hostb.must("vfio-ask ask -", { stdin: vm }));
      const xml = await hostb.must("vfio-ask ask - --make xml | tee /root/wide.xml", { stdin: vm });
      assertEquals(xml, JSON.parse(vm).libvirt.xml.replace(MDEV, MTTY_2_B));
      await hostb.must("virt-xml-validate /root/wide.xml domain");
      await hostb.must("virsh define /root/wide.xml && virsh undefine wide");
      await hostb.must(`mdevctl stop --uuid ${MTTY_2_B}`);
      const made = await hostb.must("vfio-ask ask - --make mdevctl", { stdin: vm });
      const { definitions: [{ uuid, parent, mdevctl, nodedev }] } = JSON.parse(made);
      assertEquals(uuid, MDEV);
      await hostb.must("cat > /root/mdev.json", { stdin: JSON.stringify(mdevctl) });
      await hostb.must(
        `mdevctl define --uuid ${uuid} --parent ${parent} --jsonfile /root/mdev.json`,
      );
      await hostb.must(`mdevctl undefine --uuid ${uuid}`);
      await hostb.must("cat > /root/node.xml", { stdin: nodedev });
      await hostb.must("virt-xml-validate /root/node.xml nodedev");
      const created = await hostb.must("virsh nodedev-create /root/node.xml");
      const [, node] = /Node device (\S+) created/.exec(created) ?? [];
      assert(node !== undefined, created);
      await hostb.must(`virsh nodedev-destroy ${node}`);
    },
  },
  {
    name: "the printed script makes the device under the source's UUID, and migrates the machine",
    async run() {
      const { plan, script } = await moveByScript(hosta, WIDE.name);
      assertEquals(plan.placements[0].target, MDEV);
      assertStringIncludes(script, `virsh migrate --live ${WIDE.name} qemu+tcp://hostb/system`);
    },
  },
  {
    name: "the printed script writes the XML for another device, and migrates the machine back",
    async run() {
      // Another device, so that the machine's own is not the only one.
      await stopMdev(hosta, MDEV);
      await startMdev(hosta, "mtty-2", MTTY_2_B);
      const { plan, script } = await moveByScript(hostb, WIDE.name);
      assertEquals(plan.placements[0].target, MTTY_2_B);
      assertStringIncludes(script, "--xml");
      await removeDomain(hosta, WIDE.name);
      await stopMdev(hosta, MTTY_2_B);
      await startMdev(hosta, "mtty-2", MDEV);
      await removeDomain(hostb, WIDE.name);
      await stopMdev(hostb, MDEV);
      await startMdev(hostb, "mtty-2", MTTY_2_B);
    },
  },
];
