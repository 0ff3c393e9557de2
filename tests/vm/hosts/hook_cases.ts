/** libvirt's hook on the destination, with its three policies, and what it learns. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { VmCase } from "../case.ts";
import { until } from "../machine.ts";
import {
  assertMoved,
  assertStayed,
  removeDomain,
  startDomain,
  startMdev,
  stopMdev,
} from "./domain.ts";
import { hosta, hostb } from "./host.ts";
import { MTTY_1_B, MTTY_2_B, WIDE } from "./machines.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const [MDEV] = WIDE.mdevs;
const MIGRATE = `virsh migrate --live ${WIDE.name} qemu+tcp://hostb/system`;
/** Only the device in the XML changes, and not the identity in its metadata. */
const TO_NARROW =
  `virsh dumpxml --migratable ${WIDE.name} | sed "s/uuid='${MDEV}'/uuid='${MTTY_1_B}'/" > ` +
  `/root/bad.xml; virsh migrate --live --xml /root/bad.xml ${WIDE.name} qemu+tcp://hostb/system`;

async function setPolicy(policy: string): Promise<void> {
  const config = { schema: "vfio-ask/config/v1", hookPolicy: policy };
  await hostb.must("cat > /etc/vfio-ask/config.d/hook.json", { stdin: JSON.stringify(config) });
}

/** What the hook has logged. */
const logged = () => hostb.must("journalctl --quiet --output=cat --identifier=vfio-ask-hook");

/** The results of the outcomes that hostb knows of, the newest last. */
async function outcomes(): Promise<string[]> {
  const { outcomes } = await hostb.json("vfio-ask outcomes --json");
  for (const { source, origin } of outcomes) assertEquals([source.id, origin], [MDEV, "hook"]);
  return outcomes.map(({ result, cause }: Json) => cause === null ? result : `${result} ${cause}`);
}

export const HOOK_CASES: readonly VmCase[] = [
  {
    name: "the hook is installed, and a machine's identities go into its metadata",
    async run() {
      await hostb.must(
        "install -D /usr/share/vfio-ask/libvirt-hook /etc/libvirt/hooks/qemu.d/50-vfio-ask && " +
          "systemctl reload libvirtd",
      );
      await startDomain(hosta, WIDE);
      await hosta.must(`vfio-ask vm tag ${WIDE.name}`);
      assertStringIncludes(await hosta.must(`virsh dumpxml ${WIDE.name}`), "urn:vfio-ask:vm:1");
    },
  },
  {
    name: "without the service, the hook lets a migration pass, and says why",
    async run() {
      await hostb.must("systemctl stop vfio-ask");
      const ran = await hosta.run(MIGRATE);
      await hostb.must("systemctl start vfio-ask");
      assertEquals(ran.code, 1);
      // libvirt's own answer: nobody has made the device.
      assertStringIncludes(ran.stderr, `mediated device '${MDEV}' not found`);
      assertStringIncludes(await logged(), "passed without a judgement");
      await assertStayed(hosta, WIDE.name);
    },
  },
  {
    name:
      "policy refuse: a migration that would fail is stopped before QEMU starts, with the reason",
    async run() {
      await setPolicy("refuse");
      const started = performance.now();
      const ran = await hosta.run(TO_NARROW);
      console.log(`refused after ${((performance.now() - started) / 1000).toFixed(1)} s`);
      assertEquals(ran.code, 1);
      assertStringIncludes(ran.stderr, "cannot migrate to this host");
      assertStringIncludes(ran.stderr, "TypeDiffers");
      await assertStayed(hosta, WIDE.name);
    },
  },
  {
    name: "policy log: the same migration passes, fails as predicted, and is an outcome",
    async run() {
      await setPolicy("log");
      const before = await outcomes();
      const ran = await hosta.run(TO_NARROW);
      assertEquals(ran.code, 1);
      assertStringIncludes(ran.stderr, "load of migration failed: Bad address");
      assertStringIncludes(await logged(), "incompatible");
      await until("the outcome is recorded", async () => (await outcomes()).length > before.length);
      assertEquals((await outcomes()).at(-1), "failed device");
      await hostb.must(`vfio-ask recover ${MTTY_1_B}`);
      await assertStayed(hosta, WIDE.name);
    },
  },
  {
    name: "policy place: a plain migration works, on an idle device and on a new one",
    async run() {
      await setPolicy("place");
      const there = await hosta.run(MIGRATE);
      assertEquals(there.code, 0, there.stderr);
      await assertMoved(hosta, WIDE.name);
      const xml = await hostb.must(`virsh dumpxml ${WIDE.name}`);
      assertStringIncludes(xml, MTTY_2_B);
      assertStringIncludes(
        await hostb.must(`virsh dominfo ${WIDE.name}`),
        "modified by hook script",
      );
      await until("the outcome is recorded", async () => (await outcomes()).at(-1) === "ok");
      await removeDomain(hostb, WIDE.name);
      await removeDomain(hosta, WIDE.name);
      await stopMdev(hostb, MTTY_2_B);
      await startDomain(hosta, WIDE);
      await hosta.must(`vfio-ask vm tag ${WIDE.name}`);
      const again = await hosta.run(MIGRATE);
      assertEquals(again.code, 0, again.stderr);
      await assertMoved(hosta, WIDE.name);
      // Made under the source's UUID, so that the XML stays as it is.
      assertStringIncludes(await hostb.must("mdevctl list"), MDEV);
      await until("both outcomes are recorded", async () => {
        return (await outcomes()).filter((result) => result === "ok").length >= 2;
      });
      // The server, which has no privileges, reads what was recorded by root.
      const served = await hostb.json("curl -s http://127.0.0.1:7431/v1/outcomes");
      assertEquals(served.outcomes.length, (await outcomes()).length);
      console.log(await hostb.must("vfio-ask outcomes"));
      console.log(await hostb.must("vfio-ask outcomes --calibration"));
      await removeDomain(hostb, WIDE.name);
      await removeDomain(hosta, WIDE.name);
      await stopMdev(hostb, MDEV);
      await startMdev(hostb, "mtty-2", MTTY_2_B);
      await hostb.must("rm -r /etc/libvirt/hooks/qemu.d /etc/vfio-ask/config.d/hook.json");
      await hostb.must("systemctl reload libvirtd");
    },
  },
];
