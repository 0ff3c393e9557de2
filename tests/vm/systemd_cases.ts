import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { VmCase } from "./case.ts";
import { startHolder } from "./holder.ts";
import { askProgram, hasCdev, makeMdev, MTTY_2, removeMdev } from "./machine.ts";
import { followEvents, isAdded, isRemoved } from "./event_stream.ts";
import { call, TOKEN } from "./server.ts";
import {
  percentile,
  processes,
  runTool,
  show,
  statusOf,
  systemctl,
  UNITS,
  URL,
  waitFor,
  waitForNewServer,
} from "./service.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** A program that the service's user runs: each line is one thing that it must not be able to do. */
const ATTEMPTS = `
try() { if sh -c "$2" > /dev/null 2>&1; then echo "could: $1"; else echo "could not: $1"; fi; }
try "open a group" "exec 3<>$(ls -d /dev/vfio/[0-9]* | head -n 1)"
try "open a group in the bound /dev" "exec 3<>$(ls -d /run/vfio-ask/dev/vfio/[0-9]* /dev/vfio/[0-9]* 2> /dev/null | head -n 1)"
try "open a cdev" "exec 3<>/dev/vfio/devices/vfio0"
try "open iommufd" "exec 3<>/dev/iommu"
try "list another process's descriptors" "ls /proc/1/fd"
try "read another process's descriptors" "readlink /proc/1/fd/0"
try "create an mdev" "echo ${crypto.randomUUID()} > /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create"
try "unbind a device" "echo mtty > /sys/bus/mdev/drivers/mtty/unbind"
try "write the saved answers" "echo x > /var/lib/vfio-ask/observations.json"
try "write the journal" "touch /var/lib/vfio-ask/journal/x /var/lib/vfio-ask/x"
try "write the configuration" "touch /etc/vfio-ask/config.json"
echo "can: read the saved answers: $(head -c 1 /var/lib/vfio-ask/observations.json)"
`;

function checkAttempts(text: string): void {
  assertEquals(text.split("\n").filter((line) => line.startsWith("could: ")), []);
  assertEquals(text.match(/^could not: /gm)?.length, 11, text);
}

/** What differs by nature between two snapshots of one host. */
function comparable({ devices, types, rules }: Json): Json {
  return {
    devices: devices.map(({ migration: { observed: _, ...migration }, ...device }: Json) => ({
      ...device,
      migration,
    })),
    types,
    rules,
  };
}

export const SYSTEMD_CASES: readonly VmCase[] = [
  {
    name: "the package installs the service, which is started and ready",
    async run() {
      Deno.mkdirSync("/etc/vfio-ask/config.d", { recursive: true });
      Deno.writeTextFileSync("/etc/vfio-ask/config.d/50-test.json", JSON.stringify(CONFIG));
      Deno.mkdirSync("/etc/credstore", { recursive: true });
      Deno.writeTextFileSync("/etc/credstore/vfio-ask.token", TOKEN, { mode: 0o600 });
      before = listFiles();
      const installed = await runTool("dpkg", "--install", packageFile());
      assertEquals(installed.code, 0, installed.text);
      // Type=notify: it is active when it has sent READY.
      await waitFor("it is active", async () => await show("ActiveState") === "active");
      assertEquals((await call(`${URL}/healthz`)).status, 200);
      assertEquals((await call(`${URL}/readyz`)).status, 200);
      assertMatch(await show("StatusText"), /7 devices/);
      assertEquals(await show("UnitFileState"), "enabled");
    },
  },
  {
    name: "systemd accepts the units, and rates them",
    async run() {
      const paths = UNITS.map((name) => `/usr/lib/systemd/system/${name}`);
      const verified = await runTool("systemd-analyze", "verify", "--man=no", ...paths);
      assertEquals([verified.code, verified.text], [0, ""]);
      for (
        const [unit, most] of [["vfio-ask.service", "13"], ["vfio-ask-worker@x.service", "25"]]
      ) {
        const rated = await runTool("systemd-analyze", "security", `--threshold=${most}`, unit!);
        assertEquals(rated.code, 0, rated.text);
        console.log(rated.text.trim().split("\n").at(-1));
      }
    },
  },
  {
    name: "the server runs as its own user, without capabilities",
    async run() {
      const pid = Number(await show("MainPID"));
      assert(statusOf(pid, "Uid").split("\t").every((uid) => Number(uid) > 0));
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
        assertEquals(statusOf(pid, set), "0000000000000000", set);
      }
      assertEquals(statusOf(pid, "NoNewPrivs"), "1");
    },
  },
  {
    name: "the server probes real devices through the worker, which saves the answers",
    async run() {
      await waitFor("mtty is probed", async () => {
        const device = (await call(`${URL}/v1/devices/${MTTY_2}`)).json();
        return device.migration.uapi === "v2";
      });
      const { problems } = (await call(`${URL}/v1/devices`)).json();
      assertEquals(problems, []);
      const { bootId } = JSON.parse(Deno.readTextFileSync("/var/lib/vfio-ask/observations.json"));
      assertEquals(bootId, Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim());
      const brokers = processes().filter(({ command }) => command === "broker");
      assertEquals(brokers.map(({ pid }) => statusOf(pid, "Uid").split("\t")[0]), ["0"]);
    },
  },
  {
    name: "a program with the server's user and sandbox cannot do what needs privileges",
    async run() {
      const unit = await systemctl("cat", "vfio-ask.service");
      Deno.writeTextFileSync("/tmp/attempts.sh", ATTEMPTS);
      Deno.copyFileSync("/tmp/attempts.sh", "/usr/local/bin/attempts.sh");
      const sandboxed = unit.replace(
        /^ExecStart=.*$/m,
        "ExecStart=/bin/sh /usr/local/bin/attempts.sh",
      )
        .replace(/^Type=.*$/m, "Type=oneshot").replace(
          /^(WatchdogSec|Restart|RuntimeDirectory)=.*$/gm,
          "",
        );
      Deno.writeTextFileSync("/run/systemd/system/attempts.service", sandboxed);
      await systemctl("daemon-reload");
      await systemctl("start", "attempts.service");
      await waitFor(
        "it has ended",
        async () => await show("ActiveState", "attempts") === "inactive",
      );
      const log = await runTool("journalctl", "--no-pager", "-o", "cat", "-u", "attempts");
      checkAttempts(log.text);
      assertStringIncludes(log.text, "can: read the saved answers: {");
      // The user alone, without the sandbox.
      const user = await runTool(
        ...["setpriv", "--reuid=vfio-ask", "--regid=vfio-ask", "--clear-groups"] as const,
        ...["--bounding-set=-all", "--inh-caps=-all", "sh", "/usr/local/bin/attempts.sh"],
      );
      checkAttempts(user.text);
      // The control: root can do the most harmless of them.
      const root = await runTool(
        "sh",
        "-c",
        ATTEMPTS.split("\n").filter((line) =>
          line.startsWith("try()") || /open a group"|descriptors/.test(line)
        ).join("\n"),
      );
      assertEquals(root.text.match(/^could: /gm)?.length, 3, root.text);
    },
  },
  {
    name: "the server sees what a command of root sees",
    async run() {
      const own = comparable((await call(`${URL}/v1/snapshot`)).json());
      const root = comparable(await askProgram(["snapshot", "--probe=never", "--settle", "1"]));
      assertEquals(own, root);
    },
  },
  {
    name: "the service answers what can take a source of another host, line by line",
    async run() {
      const { host, ...identity } = (await call(`${URL}/v1/devices/${MTTY_2}/identity`)).json();
      const body = { ...identity, host: { ...host, name: "another", bootId: "another" } };
      const { status, text } = await call(`${URL}/v1/ask?unknown=0`, {
        method: "POST",
        body,
        accept: "application/x-ndjson",
      });
      assertEquals(status, 200, text);
      const lines: Json[] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
      const end = lines.at(-1);
      assertEquals([end.schema, end.complete], ["vfio-ask/end/v1", true]);
      const offers = lines.filter(({ schema }) => schema === "vfio-ask/offer/v1");
      assertEquals(offers.length, end.offered);
      assertEquals(
        offers.map(({ configuration: { kind, type } }) => `${kind} ${type}`),
        ["device mtty-2", "device mtty-2", "mdev-type mtty-2"],
      );
    },
  },
  {
    name: "the server knows who holds a device, which only the worker may read",
    async run() {
      const holder = await startHolder(MTTY_2, hasCdev() ? "cdev" : "group");
      const use = async () => (await call(`${URL}/v1/devices/${MTTY_2}`)).json().use;
      await waitFor("the holder is seen", async () => (await use()).holder?.pid === holder.pid);
      assertEquals((await use()).state, "in-use");
      assertEquals(await holder.release(), "changes 0");
      await waitFor("the device is idle", async () => (await use()).state === "idle");
    },
  },
  {
    name: "reload reads rules and configuration again, and a wrong configuration changes nothing",
    async run() {
      const pid = await show("MainPID");
      Deno.mkdirSync("/etc/vfio-ask/rules.d", { recursive: true });
      const rules = { schema: "vfio-ask/rules/v1", vendor: "test", rules: [] };
      Deno.writeTextFileSync("/etc/vfio-ask/rules.d/reloaded.json", JSON.stringify(rules));
      Deno.writeTextFileSync("/etc/vfio-ask/config.d/90-wrong.json", '{"subsystem": "maybe"}');
      assertEquals(await systemctl("reload", "vfio-ask"), "");
      await waitFor(
        "the status says so",
        async () => /configuration/.test(await show("StatusText")),
      );
      Deno.removeSync("/etc/vfio-ask/config.d/90-wrong.json");
      assertEquals(await systemctl("reload", "vfio-ask"), "");
      await waitFor("it is gone", async () => !/configuration/.test(await show("StatusText")));
      const { files } = (await call(`${URL}/v1/rules`)).json();
      assert(
        files.some(({ path }: Json) => path?.endsWith("/reloaded.json")),
        JSON.stringify(files),
      );
      assertEquals(await show("MainPID"), pid);
      Deno.removeSync("/etc/vfio-ask/rules.d/reloaded.json");
    },
  },
  {
    name: "new and removed mdevs are seen by the kernel's events",
    async run() {
      await using stream = await followEvents({ url: URL });
      assertEquals((await stream.next()).event, "reset");
      const took: number[] = [];
      for (let turn = 0; turn < 5; turn++) {
        const id = crypto.randomUUID();
        for (const change of [() => makeMdev("mtty-1", "mtty", id), () => removeMdev(id)]) {
          const started = performance.now();
          change();
          await stream.until((changes) => isAdded(id)(changes) || isRemoved(id)(changes));
          took.push(performance.now() - started);
        }
      }
      console.log(
        `an mdev is seen after ${percentile(took, 0.5).toFixed(0)} ms, at most ${
          Math.max(...took).toFixed(0)
        } ms`,
      );
      const id = makeMdev("mtty-1", "mtty");
      assertEquals((await call(`${URL}/v1/devices/${id}`)).status, 200);
      removeMdev(id);
      await waitFor(
        "it is gone",
        async () => (await call(`${URL}/v1/devices/${id}`)).status === 404,
      );
    },
  },
  {
    name: "the service restarts after a kill",
    async run() {
      const pid = Number(await show("MainPID"));
      Deno.kill(pid, "SIGKILL");
      await waitForNewServer(pid);
      assertEquals(await show("NRestarts"), "1");
      const device = (await call(`${URL}/v1/devices/${MTTY_2}`)).json();
      assertEquals(device.migration.uapi, "v2");
    },
  },
  {
    name: "a worker that is killed is replaced at the next request",
    async run() {
      await call(`${URL}/v1/devices`);
      const brokers = () => processes().filter(({ command }) => command === "broker");
      const before = brokers();
      assert(before.length > 0);
      for (const { pid } of before) Deno.kill(pid, "SIGKILL");
      const { problems, devices } = (await call(`${URL}/v1/devices`)).json();
      assertEquals(problems, []);
      assert(devices.every(({ use }: Json) => use.state === "idle"));
      assert(brokers().every(({ pid }) => !before.some((old) => old.pid === pid)));
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
      await waitForNewServer(pid);
      assertEquals(await show("NRestarts"), "1");
    },
  },
  {
    name: "the server answers while a worker is stuck in the kernel",
    async run() {
      const target = makeMdev("askv1-a2", "askv1");
      const source = makeMdev("askv1-a1", "askv1");
      const STATE = ["--settle", "0", "--state", "/tmp/stuck"];
      const { host, ...identity } = await askProgram(
        ["identity", source, "--initial-data", ...STATE],
      );
      const body = {
        source: { ...identity, version: null, host: { ...host, bootId: "another" } },
        target: { device: target },
      };
      await call(`${URL}/v1/devices/${target}`);
      const idle = await timeRequests(() => false);
      const set = (name: string, value: string) =>
        Deno.writeTextFileSync(`/sys/module/askv1/parameters/${name}`, value);
      set("hang_killable", "0");
      set("hang_ms", "30000");
      set("hang_step", "size");
      try {
        let isOver = false;
        const hanging = call(`${URL}/v1/test`, { method: "POST", body });
        hanging.finally(() => isOver = true).catch(() => {});
        const entry = `/var/lib/vfio-ask/journal/${target}.json`;
        await waitFor("the device is being tested", () => Deno.stat(entry).then(() => true));
        const took = await timeRequests(() => isOver);
        assert(took.length >= 3, `only ${took.length} requests were answered during the hang`);
        console.log(
          `${took.length} requests while a worker is stuck: ${describe(took)}; before: ${
            describe(idle)
          }`,
        );
        const { status, text, json } = await hanging;
        assertEquals(status, 200, text);
        assertEquals(json().tests[0].reasons[0].code, "Stuck", text);
      } finally {
        set("hang_step", "\n");
      }
      await waitFor("the device was reset", async () => {
        const { trouble } = (await call(`${URL}/v1/devices/${target}`)).json();
        return trouble === null;
      });
      for (const id of [target, source]) removeMdev(id);
    },
  },
  {
    name: "the service stops cleanly, with an open stream",
    async run() {
      await using stream = await followEvents({ url: URL });
      assertEquals((await stream.next()).event, "reset");
      const ended = (async () => {
        for (;;) await stream.next();
      })().catch((error) => String(error));
      assertEquals(await systemctl("stop", "vfio-ask"), "");
      assertEquals(await ended, "Error: The stream ended");
      assertEquals(await show("ActiveState"), "inactive");
      assertEquals(await show("Result"), "success");
      assertEquals(await show("ExecMainStatus"), "0");
      await waitFor("the worker has ended", () => Promise.resolve(processes().length === 0));
    },
  },
  {
    name: "the package is removed and purged, and nothing is left",
    async run() {
      Deno.removeSync("/etc/credstore/vfio-ask.token");
      for (const path of ["/run/systemd/system/attempts.service", "/usr/local/bin/attempts.sh"]) {
        Deno.removeSync(path);
      }
      Deno.removeSync("/run/systemd/system/vfio-ask.service.d", { recursive: true });
      await systemctl("start", "vfio-ask");
      const removed = await runTool("dpkg", "--purge", "vfio-ask");
      assertEquals(removed.code, 0, removed.text);
      assertEquals([await show("LoadState"), processes()], ["not-found", []]);
      for (const file of ["passwd", "group"]) {
        assertEquals(/^vfio-ask:/m.test(Deno.readTextFileSync(`/etc/${file}`)), false);
      }
      const left = listFiles().filter((path) => !before.includes(path));
      assertEquals(left, []);
    },
  },
];

/** The settings of the test. Devices are asked soon after they are created. */
const CONFIG = { schema: "vfio-ask/config/v1", settle: 1 };

/** How long each of 300 requests took, or of those before `isOver`. In milliseconds. */
async function timeRequests(isOver: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!isOver() && took.length < 300) {
    const started = performance.now();
    const path = ["/healthz", "/v1/devices", "/v1/types"][took.length % 3]!;
    assertEquals((await call(`${URL}${path}`)).status, 200);
    took.push(performance.now() - started);
  }
  return took;
}

function describe(took: readonly number[]): string {
  const [median, p99] = [0.5, 0.99].map((part) => percentile(took, part).toFixed(1));
  return `median ${median} ms, p99 ${p99} ms`;
}

/** The files before the package was installed. */
let before: string[] = [];

/** All files that a package or a service may leave behind. */
function listFiles(): string[] {
  const below = (folder: string): string[] =>
    [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      // dpkg's own files, and backups of the lists of users.
      if (
        /^\/var\/lib\/(dpkg|systemd)\b|^\/var\/lib\/apt\b|^\/etc\/(g?shadow|passwd|group|subuid|subgid)-?$/
          .test(path)
      ) {
        return [];
      }
      return isDirectory ? [`${path}/`, ...below(path)] : [path];
    });
  return ["/etc", "/usr", "/var/lib", "/var/cache", "/run/systemd/system"].flatMap(below)
    .filter((path) => !path.startsWith("/etc/vfio-ask") && !path.startsWith("/etc/credstore"))
    .concat([...Deno.readDirSync("/run")].map(({ name }) => `/run/${name}`)).toSorted();
}

function packageFile(): string {
  const [name] = [...Deno.readDirSync("/job")].map(({ name }) => name).filter((name) =>
    name.endsWith(".deb")
  );
  if (name === undefined) throw new Error("the job has no package");
  return `/job/${name}`;
}
