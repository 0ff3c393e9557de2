import { assertEquals, assertStringIncludes } from "@std/assert";
import type { VmCase } from "./case.ts";
import { MTTY_2, PROGRAM, runProgram, until } from "./machine.ts";
import { call } from "./server.ts";

const URL = "http://127.0.0.1:7431";

async function systemctl(...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("systemctl", { args }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

async function show(property: string): Promise<string> {
  return (await systemctl("show", "vfio-ask", "--property", property, "--value")).trim();
}

async function waitFor(what: string, check: () => Promise<boolean>): Promise<void> {
  try {
    await until(what, () => check().catch(() => false));
  } catch (error) {
    throw new Error(`${error}\n${await systemctl("status", "--full", "vfio-ask")}`);
  }
}

export const SYSTEMD_CASES: readonly VmCase[] = [
  {
    name: "systemd accepts the unit that the program prints",
    async run() {
      const { stdout } = await runProgram(["unit", "--binary", PROGRAM, "--settle", "1"]);
      Deno.writeTextFileSync("/etc/systemd/system/vfio-ask.service", stdout);
      const { code, stderr } = await new Deno.Command("systemd-analyze", {
        args: ["verify", "/etc/systemd/system/vfio-ask.service"],
      }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    },
  },
  {
    name: "the unit starts, is ready when it answers, and has a status text",
    async run() {
      await systemctl("daemon-reload");
      assertEquals(await systemctl("start", "vfio-ask"), "");
      // Type=notify: `start` returns when the service has sent READY.
      assertEquals((await call(`${URL}/healthz`)).status, 200);
      assertEquals(await show("ActiveState"), "active");
      assertStringIncludes(await show("StatusText"), `Answering on ${URL}: 7 devices`);
    },
  },
  {
    name: "the hardened service probes real devices and stores the results",
    async run() {
      await waitFor("mtty is probed", async () => {
        const device = (await call(`${URL}/v1/devices/${MTTY_2}`)).json();
        return device.migration.uapi === "v2";
      });
      const { problems } = (await call(`${URL}/v1/devices`)).json();
      assertEquals(problems, []);
      const { bootId } = JSON.parse(Deno.readTextFileSync("/var/lib/vfio-ask/observations.json"));
      assertEquals(bootId, Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim());
    },
  },
  {
    name: "the unit restarts after a kill",
    async run() {
      const pid = Number(await show("MainPID"));
      Deno.kill(pid, "SIGKILL");
      await waitFor("the service is back", async () => {
        return Number(await show("MainPID")) !== pid &&
          (await call(`${URL}/healthz`)).status === 200;
      });
      assertEquals(await show("NRestarts"), "1");
      const device = (await call(`${URL}/v1/devices/${MTTY_2}`)).json();
      assertEquals(device.migration.uapi, "v2");
    },
  },
  {
    name: "the watchdog restarts a server that hangs",
    async run() {
      Deno.mkdirSync("/run/systemd/system/vfio-ask.service.d", { recursive: true });
      Deno.writeTextFileSync(
        "/run/systemd/system/vfio-ask.service.d/watchdog.conf",
        "[Service]\nWatchdogSec=10\n",
      );
      await systemctl("daemon-reload");
      await systemctl("restart", "vfio-ask");
      for (let signs = 0; signs < 2; signs++) {
        const last = await show("WatchdogTimestampMonotonic");
        await waitFor("the server notifies the watchdog", async () => {
          return await show("WatchdogTimestampMonotonic") !== last;
        });
      }
      assertEquals(await show("NRestarts"), "0");
      const pid = Number(await show("MainPID"));
      Deno.kill(pid, "SIGSTOP");
      await waitFor("the service is back", async () => {
        const now = Number(await show("MainPID"));
        return now !== 0 && now !== pid && (await call(`${URL}/healthz`)).status === 200;
      });
      assertEquals(await show("NRestarts"), "1");
    },
  },
  {
    name: "the unit stops cleanly",
    async run() {
      assertEquals(await systemctl("stop", "vfio-ask"), "");
      assertEquals(await show("ActiveState"), "inactive");
      assertEquals(await show("Result"), "success");
      assertEquals(await show("ExecMainStatus"), "0");
      const left = [...Deno.readDirSync("/proc")].filter(({ name }) => {
        if (!/^\d+$/.test(name)) return false;
        try {
          return Deno.readTextFileSync(`/proc/${name}/comm`).trim() === "vfio-ask";
        } catch {
          return false;
        }
      });
      assertEquals(left.length, 0);
    },
  },
];
