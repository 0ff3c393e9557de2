import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import { startHolder } from "./holder.ts";
import {
  askProgram,
  makeMdev,
  MTTY_1,
  MTTY_2,
  MTTY_2_IDLE,
  removeMdev,
  runProgram,
  sleep,
  until,
} from "./machine.ts";
import {
  assertNothingLeft,
  countDescriptors,
  journalled,
  mdevs,
  OPTIONS,
  paths,
  processes,
  sourceOf,
  STATE,
} from "./preflights.ts";
import { call, type Server, startServer } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const IDS = [MTTY_1, MTTY_2, MTTY_2_IDLE];

/** How many rounds, seconds and hangs: a sample, or all. */
export const STORM = {
  sample: { rounds: 3, seconds: 15, hangs: ["size"] },
  whole: { rounds: 12, seconds: 60, hangs: ["open", "state", "resuming", "data", "size", "reset"] },
} as const;
type Amount = (typeof STORM)[keyof typeof STORM];

/** Cases with many concurrent operations. */
export const stormCases = ({ rounds, seconds, hangs }: Amount): readonly VmCase[] => [
  {
    name: `a new device is never found busy, even under concurrent requests: ${rounds} times`,
    run: () => grabNewDevices(rounds),
  },
  {
    name: `mdevs appear and disappear for ${seconds} s under asks, tests and listings`,
    run: () => storm(seconds),
  },
  {
    name:
      "two concurrent preflights of one device are not refused: in use, or the driver's verdict",
    run: () => meet(rounds),
  },
  {
    name: "a target that is removed during its test is not refused, and leaves nothing behind",
    run: () => removeMidway(rounds),
  },
  ...hangs.flatMap((step) =>
    [false, true].map((killable): VmCase => ({
      name: `a driver hangs at ${step}, ${killable ? "killable" : "not killable"}: ` +
        "other requests are answered, and the device recovers by itself",
      run: () => hang(step, killable),
    }))
  ),
];

/** Starts a process of the tests. `end()` stops it and returns its last line. */
function startHelper(...args: string[]): { end(): Promise<Json> } {
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" })
    .spawn();
  return {
    async end() {
      await child.stdin.close();
      const said = await new Response(child.stdout).text();
      await child.status;
      return JSON.parse(said.trim().split("\n").at(-1)!);
    },
  };
}

/** The settle time of these cases: longer than a command takes on a slow machine. */
const SETTLE_S = 45;

async function grabNewDevices(rounds: number): Promise<void> {
  const before = mdevs();
  const state = Deno.makeTempDirSync({ prefix: "settle-" });
  const options = ["--settle", `${SETTLE_S}`, "--state", state];
  const source = await sourceOf(MTTY_2);
  const { devices } = await askProgram(["devices", "--json", "--probe=never", ...OPTIONS]);
  const youngest = Math.max(...devices.map(({ since }: Json) => since));
  await until(
    "the settle time of the other devices is over",
    () => Date.now() - youngest > SETTLE_S * 1000,
  );
  await using server = await startServer(...options);
  let [opens, seen] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    // In even rounds, other devices of its type can be tested; in odd rounds, all are in use.
    const alone = round % 2 === 1;
    const holders = alone
      ? await Promise.all([MTTY_2, MTTY_2_IDLE].map((id) => startHolder(id, "group")))
      : [];
    const id = makeMdev("mtty-2");
    const grabber = startHelper("grab", id);
    const ask = ["ask", "-", "--preflight", "--json", ...options];
    const [asked, served, data] = await Promise.all([
      runProgram(ask, { stdin: JSON.stringify(source) }),
      call(`${server.url}/v1/ask?preflight=1`, { method: "POST", body: source }),
      alone ? runProgram(["identity", MTTY_2, "--initial-data", ...options]) : null,
    ]);
    const found: Json[] = [JSON.parse(asked.stdout), served.json()].flatMap((
      { offers, refusals },
    ) => [...offers, ...refusals].filter(({ configuration }) => configuration.id === id));
    // A device that was seen idle is not tested, or an older device was tested instead.
    for (const { evidence, warnings } of found.filter(({ availability }) => availability.now)) {
      const isLeft = warnings.some(({ code }: Json) => code === "DeviceIsNew");
      assertEquals([evidence === "driver-tested", isLeft], [!alone, alone]);
      seen++;
    }
    if (data !== null) assertEquals(data.code, 4, data.stderr);
    const { opens: opened, refusals } = await grabber.end();
    assertEquals(refusals, []);
    opens += opened;
    for (const holder of holders) assertEquals(await holder.release(), "changes 0");
    removeMdev(id);
  }
  console.log(`${opens} opens of new devices, none refused; ${seen} answers saw the device idle`);
  assert(opens > rounds && seen > 0, "no device was opened, or no answer saw it idle");
  assertEquals(await server.stop(), 0);
  await assertNothingLeft(IDS, { mdevs: before, states: [STATE, state] });
}

/** The process `vm-tests churn UUID…`: creates and removes mdevs with these names repeatedly. */
export async function churn(ids: readonly string[]): Promise<number> {
  let isOver = false;
  (async () => {
    for await (const _ of Deno.stdin.readable);
    isOver = true;
  })();
  let made = 0;
  while (!isOver) {
    for (const id of ids) {
      try {
        makeMdev(made % 3 === 0 ? "mtty-1" : "mtty-2", "mtty", id);
        made++;
      } catch {
        // No free instance: tests create mdevs too.
        await sleep(5);
        continue;
      }
      await sleep(made % 20);
      removeMdev(id);
    }
  }
  console.log(JSON.stringify({ made }));
  return 0;
}

/** A server's answers: their number by status, and unexpected ones. */
interface Heard {
  statuses: Map<number, number>;
  bad: string[];
}

/** Sends a request repeatedly until the time is over. */
async function repeat(
  heard: Heard,
  isOver: () => boolean,
  send: () => ReturnType<typeof call>,
): Promise<void> {
  while (!isOver()) {
    const { status, text } = await send();
    heard.statuses.set(status, (heard.statuses.get(status) ?? 0) + 1);
    if (status >= 500 && status !== 503) heard.bad.push(text);
    await sleep(5);
  }
}

async function storm(seconds: number): Promise<void> {
  const before = mdevs();
  const source = await sourceOf(MTTY_2);
  await using server = await startServer(...OPTIONS, "--preflight-create");
  const ask = () => call(`${server.url}/v1/ask?preflight=1`, { method: "POST", body: source });
  await ask();
  const descriptors = countDescriptors(server.pid);
  const ids = [1, 2].map(() => crypto.randomUUID());
  const target = { device: ids[0] };
  const churner = startHelper("churn", ...ids);
  const heard: Heard = { statuses: new Map(), bad: [] };
  const endMs = performance.now() + seconds * 1000;
  const isOver = () => performance.now() > endMs;
  const problems = new Set<string>();
  await Promise.all([
    repeat(heard, isOver, ask),
    repeat(heard, isOver, ask),
    repeat(
      heard,
      isOver,
      () => call(`${server.url}/v1/test`, { method: "POST", body: { source, target } }),
    ),
    repeat(heard, isOver, async () => {
      const answer = await call(`${server.url}/v1/devices`);
      for (const { sentence } of answer.json().problems) problems.add(sentence);
      return answer;
    }),
  ]);
  const { made } = await churner.end();
  console.log(`${made} mdevs created and removed; answers: ${JSON.stringify([...heard.statuses])}`);
  for (const sentence of problems) console.log(`  problem: ${sentence}`);
  assertEquals(heard.bad, []);
  assert(made > seconds && (heard.statuses.get(200) ?? 0) > seconds / 2, "there was no storm");
  await assertServerQuiet(server, descriptors);
  assertEquals(await server.stop(), 0);
  await assertNothingLeft(IDS, { mdevs: before });
}

/** Waits until a server reports no trouble and has no more descriptors than before. */
async function assertServerQuiet(server: Server, descriptors: number): Promise<void> {
  await until("no device is in trouble", async () => {
    const { devices } = (await call(`${server.url}/v1/devices`)).json();
    return devices.every(({ trouble }: Json) => !trouble);
  });
  await until("no descriptor is left", () => countDescriptors(server.pid) <= descriptors);
}

/**
 * Tests a source; returns the verdict and the reason's code of the driver's test. Adds the sentence if there was no
 * test. Without an answer, returns the exit code and the error.
 */
async function testOnce(source: Json, target: string, ...options: string[]): Promise<string> {
  const args = ["preflight", "-", target, "--json", "--settle", "0", ...options];
  const { code, stdout, stderr } = await runProgram(args, { stdin: JSON.stringify(source) });
  if (stdout === "") return `${code}: ${stderr.trim()}`;
  const { verdict, tests } = JSON.parse(stdout);
  assertEquals(code, { compatible: 0, incompatible: 1, unknown: 3 }[verdict as string]);
  const test = tests.find(({ by }: Json) => by === "driver");
  const [{ code: why, sentence }] = test.reasons;
  return `${test.verdict} ${why}${why === "NotTested" ? `: ${sentence.replace(/\d+/g, "N")}` : ""}`;
}

function count(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

async function meet(rounds: number): Promise<void> {
  const before = mdevs();
  const source = await sourceOf(MTTY_2);
  const others = Deno.makeTempDirSync({ prefix: "other-state-" });
  const states = { one: [STATE, STATE], two: [STATE, others] };
  for (const [how, pair] of Object.entries(states)) {
    const said: string[] = [];
    for (let round = 0; round < rounds * 2; round++) {
      const by = paths();
      said.push(
        ...await Promise.all(pair.map((state, index) => {
          const path = by[(round + index) % by.length]!;
          return testOnce(source, MTTY_2_IDLE, "--state", state, "--path", path);
        })),
      );
    }
    console.log(`two at once, ${how} state directory: ${JSON.stringify(count(said))}`);
    for (const word of said) {
      assert(/^(compatible DriverAccepted$|unknown NotTested: )/.test(word), word);
    }
    assert(said.includes("compatible DriverAccepted"));
  }
  await assertNothingLeft(IDS, { mdevs: before, states: [STATE, others] });
}

async function removeMidway(rounds: number): Promise<void> {
  const before = mdevs();
  const source = await sourceOf(MTTY_2);
  await using server = await startServer(...OPTIONS);
  const said: string[] = [];
  for (let round = 0; round < rounds * 3; round++) {
    const id = makeMdev("mtty-2");
    const body = { source, target: { device: id } };
    const testing = call(`${server.url}/v1/test`, { method: "POST", body });
    await sleep(round * 17 % 400);
    // Like an operator's command: it waits until the device is released.
    const remover = await new Deno.Command("sh", {
      args: ["-c", `echo 1 > /sys/bus/mdev/devices/${id}/remove`],
    }).output();
    assertEquals(remover.code, 0);
    const { status, json } = await testing;
    said.push(`${status} ${json().verdict ?? json().title}`);
    assert(status === 200 ? json().verdict !== "incompatible" : status === 404, said.at(-1));
  }
  console.log(`removed during its test: ${JSON.stringify(count(said))}`);
  assertEquals(await server.stop(), 0);
  await assertNothingLeft(IDS, { mdevs: before });
}

const PARAMETERS = "/sys/module/askv1/parameters";

async function hang(step: string, killable: boolean): Promise<void> {
  const before = mdevs();
  const set = (name: string, value: string) =>
    Deno.writeTextFileSync(`${PARAMETERS}/${name}`, value);
  const [one, two] = ["askv1-a1", "askv1-a2"].map((type) => makeMdev(type, "askv1"));
  const source = { ...await sourceOf(one!), version: null };
  await using server = await startServer(...OPTIONS, "--deadline", "4");
  const list = () => call(`${server.url}/v1/devices`);
  await until(
    "the devices are probed",
    async () =>
      (await list()).json().devices.every(({ id, migration }: Json) =>
        ![one, two].includes(id) || migration.uapi === "v1"
      ),
  );
  const body = { source, target: { device: two } };
  const test = () => call(`${server.url}/v1/test`, { method: "POST", body });
  // From now on the server keeps a worker.
  assertEquals((await test()).json().tests[0].verdict, "compatible");
  const descriptors = countDescriptors(server.pid);
  const running = processes().length;
  set("hang_killable", killable ? "1" : "0");
  set("hang_ms", "15000");
  set("hang_step", step);
  const hanging = test();
  let isOver = false;
  hanging.finally(() => isOver = true);
  const heard: Heard = { statuses: new Map(), bad: [] };
  await repeat(heard, () => isOver, list);
  const { status, json } = await hanging;
  const { verdict, reasons } = json().tests[0];
  assertEquals([status, verdict, reasons[0].code], [200, "unknown", "Stuck"]);
  set("hang_step", "\n");
  assertEquals(heard.bad, []);
  console.log(`listings while it hung: ${JSON.stringify([...heard.statuses])}`);
  assert((heard.statuses.get(200) ?? 0) > 0, "nothing was answered while it hung");
  await until("the server resets the device", () => journalled(STATE).length === 0);
  await until("no other process is left", () => processes().length <= running);
  await assertServerQuiet(server, descriptors);
  assertEquals(await server.stop(), 0);
  for (const id of [one!, two!]) {
    const { devices: [{ capabilities }] } = await askProgram(["probe", "--json", id]);
    assertEquals([id, capabilities.state], [id, "running"]);
    removeMdev(id);
  }
  await assertNothingLeft(IDS, { mdevs: before });
}
