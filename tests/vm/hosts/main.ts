/**
 * The cases that need two hosts. They share one boot. The cases of a group need each other, in their order; a group leaves
 * both hosts without virtual machines, and with the devices of hosts.sh.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCases, type VmCase } from "../case.ts";
import { until } from "../machine.ts";
import { hosta, hostb, stopHostb, waitForHostb } from "./host.ts";
import { HOOK_CASES } from "./hook_cases.ts";
import { MACHINE_CASES } from "./machine_cases.ts";
import { MIGRATE_CASES } from "./migrate_cases.ts";
import { REFUSED_CASES } from "./refused_cases.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const READY: VmCase = {
  name: "both hosts have libvirt and the service, which are ready",
  async run() {
    for (const host of [hosta, hostb]) {
      assertStringIncludes(await host.must("virsh version"), "libvirt 11.3");
      assertEquals(await host.must("systemctl is-active vfio-ask"), "active\n");
      await until("all devices are probed", async () => {
        const { devices } = await host.json("vfio-ask devices --json");
        return devices.every(({ migration }: Json) => migration.uapi !== "unknown");
      });
      console.log(await host.must("vfio-ask devices"));
    }
  },
};

const GROUPS: Readonly<Record<string, readonly VmCase[]>> = {
  migrate: MIGRATE_CASES,
  refused: REFUSED_CASES,
  machine: MACHINE_CASES,
  hook: HOOK_CASES,
};

/** Runs a group on hosta, or those with a case whose name contains the text; returns the number of failures. */
export async function runHosts(text: string): Promise<number> {
  const cases = GROUPS[text] ?? Object.values(GROUPS)
    .filter((group) => group.some(({ name }) => name.includes(text))).flat();
  try {
    await waitForHostb();
    return await runCases([READY, ...cases]);
  } finally {
    await stopHostb();
  }
}
