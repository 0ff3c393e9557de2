import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { parseSnapshot } from "../../src/documents/mod.ts";
import type { VmCase } from "./case.ts";
import { askProgram, deviceNamed, makeMdev, runProgram, until, VFS } from "./machine.ts";
import { call, startServer, waitForMigration } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** Two devices of one class. Their names are the same in each load of the driver. */
const SOURCE = "a1a1a1a1-0000-4000-8000-000000000001";
const TARGET = "a1a1a1a1-0000-4000-8000-000000000002";
/** A third device, which sorts after them. */
const INFERRED = "f1f1f1f1-0000-4000-8000-000000000003";
const TYPE = "askv1-a1";
const RULES = "/tmp/reload-rules";
const STATE = "/tmp/reload-state";
const OPTIONS = ["--settle", "0", "--state", STATE, "--rules", RULES];

/** Writes a rule that makes the same type of askv1 compatible, so that `ask` can accept it without a test. */
function writeRules(): void {
  Deno.mkdirSync(RULES, { recursive: true });
  const rule = {
    name: "the same type",
    for: { driver: "askv1" },
    targets: [{ verdict: "compatible", sentence: "the same type" }],
  };
  const file = { schema: "vfio-ask/rules/v1", vendor: "askv1", rules: [rule] };
  Deno.writeTextFileSync(`${RULES}/askv1.json`, JSON.stringify(file));
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args }).output();
  assert(success, `${program} ${args.join(" ")}`);
}

/** Reloads the driver, with or without migration regions, and creates the two devices again. */
async function reload(migration: boolean): Promise<void> {
  await run("rmmod", "askv1");
  await run("modprobe", "askv1", "attribute=none", `migration=${Number(migration)}`);
  const create = `/sys/class/mdev_bus/askv1/mdev_supported_types/${TYPE}/create`;
  for (const id of [SOURCE, TARGET]) Deno.writeTextFileSync(create, id);
}

const post = async (url: string, body: unknown): Promise<Json> => {
  const answer = await call(url, { method: "POST", body });
  return { status: answer.status, ...answer.json() };
};

/** The verdict on the target in an answer: of its offer, or `no` if it cannot migrate, or its refusal codes. */
function verdictIn({ offers, refusals }: Json): string {
  const isTarget = ({ configuration: { id } }: Json) => id === TARGET;
  const offer = offers.find(isTarget);
  if (offer !== undefined) return offer.verdict;
  const codes = refusals.find(isTarget).reasons.map(({ code }: Json) => code);
  return codes.includes("TargetCannotMigrate") ? "no" : codes.join();
}

/** The answers of each command about the target and for the source. */
async function askAll(source: Json) {
  const ask = await runProgram(["ask", "-", "--json", "--refusals=each", ...OPTIONS], {
    stdin: JSON.stringify(source),
  });
  const { devices } = await askProgram(["devices", "--json", ...OPTIONS]);
  const doctor = await runProgram(["doctor", TARGET, "--json", ...OPTIONS]);
  const identity = await runProgram(["identity", TARGET, "--initial-data", ...OPTIONS]);
  const { migration, initialData } = JSON.parse(identity.stdout);
  return {
    ask: [ask.code, verdictIn(JSON.parse(ask.stdout))],
    devices: devices.find(({ id }: Json) => id === TARGET).migration.uapi,
    doctor: [doctor.code, JSON.parse(doctor.stdout).devices[0].canMigrate],
    identity: [identity.code, migration.uapi, initialData?.bytes ?? null],
  };
}

/** The answers of the server, also with `?preflight=1`, which it caches, and of one test. */
async function askServer(url: string, source: Json) {
  const target = { device: TARGET };
  const { verdict, reasons } = await post(`${url}/v1/test`, { source, target });
  return {
    ask: verdictIn(await post(`${url}/v1/ask?refusals=each`, source)),
    preflight: verdictIn(await post(`${url}/v1/ask?preflight=1&refusals=each`, source)),
    test: verdict,
    reason: reasons[0].code,
  };
}

const YES = {
  ask: [0, "compatible"],
  devices: "v1",
  doctor: [0, "yes"],
  identity: [0, "v1", 32],
};
const NO = { ask: [1, "no"], devices: "none", doctor: [1, "no"], identity: [1, "none", null] };
const TESTED = { ask: "compatible", preflight: "compatible", test: "compatible" };

export const RELOAD_CASES: readonly VmCase[] = [
  {
    name: "every command and a server notice that a driver was reloaded without migration",
    async run() {
      writeRules();
      await reload(true);
      const source = await askProgram(["identity", SOURCE, "--initial-data", ...OPTIONS]);
      assert(!("load" in source.driver) && !("load" in source.parentDriver));
      assertEquals(await askAll(source), YES);
      await using server = await startServer(...OPTIONS);
      const { url } = server;
      await waitForMigration(url, TARGET);
      const { reason: _, ...said } = await askServer(url, source);
      assertEquals(said, TESTED);

      await reload(false);
      // The next answer must not use the acceptance of the earlier load.
      assertNotEquals(verdictIn(await post(`${url}/v1/ask?refusals=each`, source)), "compatible");
      await until(
        "the new load is probed",
        async () => verdictIn(await post(`${url}/v1/ask?refusals=each`, source)) === "no",
      );
      const refused = await askServer(url, source);
      assertEquals([refused.ask, refused.preflight, refused.test], ["no", "no", "incompatible"]);
      assertEquals(await askAll(source), NO);

      await reload(true);
      assertNotEquals(verdictIn(await post(`${url}/v1/ask?refusals=each`, source)), "no");
      await until(
        "the third load is probed",
        async () => verdictIn(await post(`${url}/v1/ask?refusals=each`, source)) === "compatible",
      );
      const { reason: __, ...again } = await askServer(url, source);
      assertEquals(again, TESTED);
      assertEquals(await server.stop(), 0);
      assertEquals(await askAll(source), YES);
    },
  },
  {
    name: "a probe replaces earlier results of this load of the driver, also in a server",
    async run() {
      await reload(true);
      // The first device by name represents the class: this one and the type are inferred from it.
      const inferred = makeMdev(TYPE, "askv1", INFERRED);
      await using server = await startServer(...OPTIONS);
      await waitForMigration(server.url, TARGET);
      const uapis = (document: unknown) => {
        const { devices, types } = parseSnapshot(document);
        return [
          ...devices.filter(({ id }) => [TARGET, inferred].includes(id)),
          ...types.filter(({ type }) => type === TYPE),
        ].map(({ migration }) => migration.uapi).join();
      };
      const here = async () => uapis(await askProgram(["snapshot", ...OPTIONS]));
      const there = async () => uapis((await call(`${server.url}/v1/snapshot`)).json());
      assertEquals([await here(), await there()], ["v1,v1,v1", "v1,v1,v1"]);
      for (const [value, said] of [["0", "none,none,none"], ["1", "v1,v1,v1"]] as const) {
        Deno.writeTextFileSync("/sys/module/askv1/parameters/migration", value);
        await askProgram(["probe", TARGET, "--json", "--state", STATE]);
        assertEquals(await here(), said);
        await until("the server has the new result", async () => await there() === said);
      }
      assertEquals(await server.stop(), 0);
      await run("rmmod", "askv1");
      await run("modprobe", "askv1");
    },
  },
  {
    name:
      "the load of a driver stays the same when a device is probed and rebound; the binding changes",
    sample: true,
    async run() {
      const [vf] = VFS;
      const seen = () => {
        const { driver, bound } = deviceNamed(vf!);
        return { load: driver!.load, bound };
      };
      const before = seen();
      await askProgram(["probe", vf!, "--json"]);
      for (let turn = 0; turn < 3; turn++) Deno.writeTextFileSync("/proc/sys/vm/drop_caches", "3");
      assertEquals(seen(), before);
      const driver = "/sys/bus/pci/drivers/vfio-pci";
      Deno.writeTextFileSync(`${driver}/unbind`, vf!);
      Deno.writeTextFileSync(`${driver}/bind`, vf!);
      const after = seen();
      assertEquals(after.load, before.load);
      assertNotEquals(after.bound, before.bound);
    },
  },
];
