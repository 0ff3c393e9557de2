/** QEMU's needs for mtty. DMA logging works on vfiolab; on Debian's kernel it starts but cannot report. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { VmCase } from "./case.ts";
import { askProgram, hasCdev, KNOWN, MDPY_VGA, MTTY_1, MTTY_2, runProgram } from "./machine.ts";
import { call, startServer } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** QEMU options of the source, and the exit code of `ask` if DMA logging works, or if it starts but cannot report. */
const SETTINGS: readonly (readonly [options: string, works: number, cannotReport: number])[] = [
  ["", 0, 3],
  ["--enable-migration auto", 0, 1],
  ["--enable-migration on", 0, 3],
  ["--enable-migration on --device-dirty-page-tracking on", 0, 1],
  ["--enable-migration on --device-dirty-page-tracking off", 0, 0],
  ["--enable-migration auto --device-dirty-page-tracking off --backend container", 1, 1],
  ["--enable-migration on --device-dirty-page-tracking off --qemu-version 9.0.2", 0, 1],
  ["--enable-migration off", 1, 1],
];

/** The identity of a device with another boot ID and these QEMU options. */
async function sourceWith(options: string, state: readonly string[]): Promise<Json> {
  const said = options === "" ? [] : options.split(" ");
  const identity = await askProgram(["identity", MTTY_2, ...said, ...state]);
  return { ...identity, host: { ...identity.host, bootId: "another" } };
}

export const NEEDS_CASES: readonly VmCase[] = [
  {
    name: "needs: devices and doctor distinguish absent, starts but cannot report, and works",
    sample: true,
    async run() {
      const state = KNOWN;
      const { devices } = await askProgram(["devices", "--json", ...state]);
      const log = (id: string) =>
        devices.find((device: Json) => device.id === id).migration.dmaLogging;
      const result = hasCdev() ? "works" : "cannot-report";
      assertEquals([log(MTTY_1), log(MDPY_VGA)], [result, "absent"]);
      const table = (await runProgram(["devices", ...state])).stdout;
      assertStringIncludes(table, hasCdev() ? "device" : "none (log starts, cannot report)");
      const report = JSON.parse((await runProgram(["doctor", "--json", ...state])).stdout);
      const { findings } = report.devices.find(({ id }: Json) => id === MTTY_1);
      const found = findings.find(({ code }: Json) => code.startsWith("DirtyTracking"));
      assertEquals(
        found?.check ?? null,
        hasCdev() ? null : {
          step: "DMA_LOGGING_REPORT",
          errno: "EOPNOTSUPP",
        },
      );
      if (!hasCdev()) {
        assertStringIncludes(
          found.remedy,
          "-device vfio-pci,enable-migration=on,x-device-dirty-page-tracking=off",
        );
      }
    },
  },
  {
    name: "needs: the QEMU options of the source decide the exit code of ask",
    sample: true,
    async run() {
      const source = JSON.stringify(await sourceWith("", KNOWN));
      // If DMA logging works, few QEMU options matter.
      const matter = SETTINGS.filter(([options, works]) => options === "" || works !== 0);
      for (const [options, works, cannotReport] of hasCdev() ? matter : SETTINGS) {
        const said = options === "" ? [] : options.split(" ");
        const { code } = await runProgram(["ask", "-", ...said, ...KNOWN], { stdin: source });
        assertEquals(code, hasCdev() ? works : cannotReport, options);
      }
    },
  },
  {
    name: "needs: the server lists needs in each offer, and what it cannot see",
    async run() {
      const state = KNOWN;
      const source = await sourceWith("", state);
      await using server = await startServer(...state);
      const answer = (await call(`${server.url}/v1/ask`, { method: "POST", body: source })).json();
      const needs = answer.offers[0].needs.map((
        { code, side, state }: Json,
      ) => [code, side, state]);
      assertEquals(needs, hasCdev() ? [] : [["DirtyTrackingFails", "source", "unknown"]]);
      assertEquals(answer.offers[0].evidence, "vendor-rule");
      assertEquals(answer.notSeen[0].code, "Viommu");
      const wrong = { ...source, vmm: { enableMigration: "yes" } };
      const refused = await call(`${server.url}/v1/ask`, { method: "POST", body: wrong });
      assertEquals([refused.status, refused.json().pointer], [422, "/vmm/enableMigration"]);
      assertEquals(await server.stop(), 0);
    },
  },
];
