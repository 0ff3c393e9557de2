/** `virsh migrate` between two hosts, predicted with the identity of a device. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { VmCase } from "../case.ts";
import { until } from "../machine.ts";
import {
  assertMoved,
  assertStayed,
  migrate,
  removeDomain,
  startDomain,
  stopMdev,
} from "./domain.ts";
import { hosta, hostb } from "./host.ts";
import { DISPLAY, MTTY_1_B, NARROW, WIDE } from "./machines.ts";
import { askAbout, verdictOn } from "./asking.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** The migration state of hostb's mtty-1, read without opening a device. */
async function stateOfTarget(): Promise<string> {
  const { devices } = await hostb.json("vfio-ask devices --probe=never --json");
  return devices.find(({ id }: Json) => id === MTTY_1_B).state;
}

export const MIGRATE_CASES: readonly VmCase[] = [
  {
    name: "a driver without migration is refused by vfio-ask, and by libvirt on the source's host",
    async run() {
      const [mdev] = DISPLAY.mdevs;
      await startDomain(hosta, DISPLAY);
      const identity = await hosta.run(`vfio-ask identity ${mdev}`);
      assertEquals(identity.code, 1);
      const asked = await hostb.run("vfio-ask ask -", { stdin: identity.stdout });
      assertEquals(asked.code, 1);
      assertStringIncludes(asked.stderr + asked.stdout, "SourceCannotMigrate");
      const ran = await migrate(hosta, DISPLAY.name, {});
      assertEquals(ran.code, 1);
      assertStringIncludes(ran.stderr, "VFIO migration is not supported in kernel");
      await assertStayed(hosta, DISPLAY.name);
      await removeDomain(hosta, DISPLAY.name);
    },
  },
  {
    name:
      "mtty-2 to mtty-1 is refused by vfio-ask, and fails when the destination loads the device",
    async run() {
      const [[wide], [narrow]] = [WIDE.mdevs, NARROW.mdevs];
      await startDomain(hosta, WIDE);
      await startDomain(hosta, NARROW);
      const { verdict, codes } = verdictOn(await askAbout(wide), MTTY_1_B);
      assertEquals([verdict, codes.includes("TypeDiffers")], ["incompatible", true]);
      assertEquals(verdictOn(await askAbout(narrow), MTTY_1_B).verdict, "compatible");
      // It would reset the device that this leaves in RESUMING, sooner or later.
      await hostb.must("systemctl stop vfio-ask");
      const ran = await migrate(hosta, WIDE.name, { [wide]: MTTY_1_B });
      assertEquals(ran.code, 1);
      assertStringIncludes(ran.stderr, "load of migration failed: Bad address");
      await assertStayed(hosta, WIDE.name);
    },
  },
  {
    name: "the device that this leaves in RESUMING is found without opening it, and not offered",
    async run() {
      const listed = await hostb.must("vfio-ask devices --probe=never");
      console.log(listed);
      assertStringIncludes(listed, "not-running (resuming)");
      assertEquals(await stateOfTarget(), "resuming");
      const doctor = await hostb.run(`vfio-ask doctor ${MTTY_1_B} --probe=never`);
      assertEquals(doctor.code, 1);
      assertStringIncludes(doctor.stdout, "NotRunning");
      assertStringIncludes(doctor.stdout, `vfio-ask recover ${MTTY_1_B}`);
      const { verdict, codes } = verdictOn(
        await askAbout(NARROW.mdevs[0], { options: "--probe=never" }),
        MTTY_1_B,
      );
      assertEquals([verdict, codes.includes("NotRunning")], ["incompatible", true]);
    },
  },
  {
    name: "the next migration into it fails, even of the right type",
    async run() {
      const [mdev] = NARROW.mdevs;
      const ran = await migrate(hosta, NARROW.name, { [mdev]: MTTY_1_B });
      assertEquals(ran.code, 1);
      assertStringIncludes(ran.stderr, "load of migration failed: Bad file descriptor");
      await assertStayed(hosta, NARROW.name);
    },
  },
  {
    name: "recover resets it, and the same migration works",
    async run() {
      const [mdev] = NARROW.mdevs;
      console.log(await hostb.must(`vfio-ask recover ${MTTY_1_B}`));
      assertEquals(await stateOfTarget(), "running");
      const answer = await askAbout(mdev, { options: "--probe=never" });
      assertEquals(verdictOn(answer, MTTY_1_B).verdict, "compatible");
      const ran = await migrate(hosta, NARROW.name, { [mdev]: MTTY_1_B });
      assertEquals(ran.code, 0, ran.stderr);
      await assertMoved(hosta, NARROW.name);
      await removeDomain(hostb, NARROW.name);
      await removeDomain(hosta, NARROW.name);
    },
  },
  {
    name: "the service finds and resets such a device by itself",
    async run() {
      await hostb.must("systemctl start vfio-ask");
      const ran = await migrate(hosta, WIDE.name, { [WIDE.mdevs[0]]: MTTY_1_B });
      assertEquals(ran.code, 1);
      assertStringIncludes(ran.stderr, "load of migration failed: Bad address");
      await until("it is reset", async () => await stateOfTarget() === "running");
      assertStringIncludes(
        await hostb.must("journalctl --no-pager --output=cat --unit=vfio-ask*"),
        `${MTTY_1_B} was in state RESUMING and was reset to RUNNING`,
      );
    },
  },
  {
    name: "mtty-2 migrates to the device that an offer creates, and back",
    async run() {
      const [mdev] = WIDE.mdevs;
      const { offers } = await askAbout(mdev);
      const offer = offers.find(({ create }: Json) => create !== null);
      assertEquals([offer.verdict, offer.configuration.type], ["compatible", "mtty-2"]);
      const created = (await hostb.must(offer.create.command)).trim();
      const there = await migrate(hosta, WIDE.name, { [mdev]: created });
      assertEquals(there.code, 0, there.stderr);
      await assertMoved(hosta, WIDE.name);
      const answer = await askAbout(created, { from: hostb });
      assertEquals(verdictOn(answer, mdev)?.verdict, "compatible");
      const back = await migrate(hostb, WIDE.name, { [created]: mdev });
      assertEquals(back.code, 0, back.stderr);
      await assertMoved(hostb, WIDE.name);
      await removeDomain(hosta, WIDE.name);
      await stopMdev(hostb, created);
    },
  },
];
