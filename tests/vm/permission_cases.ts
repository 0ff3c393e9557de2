/** Who may start preflights: the units with a group and a token, under real systemd. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Ids, sendAs } from "../fixtures/connect_as.ts";
import type { VmCase } from "./case.ts";
import { PROGRAM, runProgram, until } from "./machine.ts";
import { call, TOKEN } from "./server.ts";
import { runTool, UNITS, URL } from "./service.ts";

const SOCKET = "/run/vfio-ask/ask.sock";
const GROUP = 34567;
const OPTIONS = [
  `--unix=${SOCKET}`,
  "--group=vfio-testers",
  "--token-file=/etc/vfio-ask-token",
  "--settle=1",
];

const ROOT: Ids = { uid: 0, gid: 0, groups: [] };
const MEMBER: Ids = { uid: 12345, gid: 12345, groups: [GROUP] };
const STRANGER: Ids = { uid: 54321, gid: 54321, groups: [] };

/** A test without a target: 400 if it is permitted. */
const TEST = "POST /v1/test HTTP/1.1\r\nHost: vfio-ask\r\nConnection: close\r\n" +
  "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

const run = async (...command: [string, ...string[]]) => (await runTool(...command)).text;

export const PERMISSION_CASES: readonly VmCase[] = [{
  name:
    "permission: the service takes its token as a credential, and shares its socket with a group",
  async run() {
    Deno.writeTextFileSync("/tmp/users.conf", `u vfio-ask - - -\ng vfio-testers ${GROUP}\n`);
    await run("systemd-sysusers", "/tmp/users.conf");
    Deno.writeTextFileSync("/etc/vfio-ask-token", `${TOKEN}\n`, { mode: 0o600 });
    for (const name of UNITS) {
      const { stdout } = await runProgram(["unit", name, "--binary", PROGRAM, ...OPTIONS]);
      Deno.writeTextFileSync(`/etc/systemd/system/${name}`, stdout);
    }
    await run("systemctl", "daemon-reload");
    try {
      const started = await run("systemctl", "start", "vfio-ask");
      assertEquals(started, "", await run("journalctl", "-u", "vfio-ask", "--no-pager"));
      const { mode, gid } = Deno.lstatSync(SOCKET);
      assertEquals([mode! & 0o777, gid], [0o660, GROUP]);
      for (const ids of [ROOT, MEMBER]) {
        const { answer, error } = await sendAs(SOCKET, ids, TEST);
        assertStringIncludes(answer, "HTTP/1.1 400 ", error);
      }
      const { answer, error } = await sendAs(SOCKET, STRANGER, TEST);
      assertEquals([answer, error.includes("Permission denied")], ["", true], error);
      const body = {};
      assertEquals((await call(`${URL}/v1/test`, { method: "POST", body })).status, 400);
      const response = await fetch(`${URL}/v1/test`, { method: "POST", body: "{}" });
      assertEquals([response.status, (await response.json()).title], [
        403,
        "Cannot do this for this caller",
      ]);
      const id = response.headers.get("x-request-id")!;
      const journal = () => run("journalctl", "-u", "vfio-ask", "--no-pager");
      await until("the refusal is in the journal", async () => (await journal()).includes(id));
      assertEquals((await journal()).includes(TOKEN), false);
    } finally {
      await run("systemctl", "stop", "vfio-ask", "vfio-ask-worker.socket");
      for (const name of UNITS) Deno.removeSync(`/etc/systemd/system/${name}`);
      await run("systemctl", "daemon-reload");
    }
  },
}];
