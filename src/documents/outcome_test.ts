import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { mttyOutcome } from "../../tests/fixtures/outcome.ts";
import {
  InvalidDocument,
  type OutcomeBuilds,
  outcomeKey,
  OUTCOMES_SCHEMA,
  readOutcome,
  readOutcomes,
  unknownParts,
} from "./mod.ts";

const HOST = { name: "hv-18", kernel: "6.12.57", bootId: null };

Deno.test("readOutcome() accepts an outcome as it is made, and keeps unknown fields", () => {
  const outcome = { ...mttyOutcome(), ticket: "INC-1" };
  assertEquals(readOutcome(structuredClone(outcome)), outcome);
});

Deno.test("readOutcomes() names each field that is wrong, with its value", () => {
  const outcome = mttyOutcome();
  const cases: [change: Record<string, unknown>, pointer: string][] = [
    [{ result: "perhaps" }, "/outcomes/1/result"],
    [{ at: "yesterday" }, "/outcomes/1/at"],
    [{ cause: "device" }, "/outcomes/1/cause"],
    [{ message: "x".repeat(4097) }, "/outcomes/1/message"],
    [{ vm: "a\u0000b" }, "/outcomes/1/vm"],
    [{ predicted: { verdict: "yes", evidence: null } }, "/outcomes/1/predicted/verdict"],
    [{ source: { ...outcome.source, kernel: null } }, "/outcomes/1/source/kernel"],
    [{ target: { ...outcome.target, driver: "mtty" } }, "/outcomes/1/target/driver"],
    [{ origin: "guess" }, "/outcomes/1/origin"],
  ];
  for (const [change, pointer] of cases) {
    const outcomes = [outcome, { ...outcome, ...change }];
    const document = { schema: OUTCOMES_SCHEMA, host: HOST, outcomes };
    const error = assertThrows(() => readOutcomes(document), InvalidDocument);
    assertEquals(error.issues.map((issue) => issue.pointer), [pointer]);
  }
});

const BUILDS: OutcomeBuilds = {
  kernel: "6.12.57",
  kind: "pci",
  type: "mlx5_vfio_pci-15b3:101e",
  deviceApi: "vfio-pci",
  driver: { name: "mlx5_vfio_pci", version: null, srcversion: null },
  parentDriver: { name: "mlx5_core", version: null, srcversion: "P1" },
  facts: { firmware: "22.39.1002", boardId: "MT_0000000359", services: ["sym", "dc"] },
  qemu: "10.0.2",
  machineType: "pc-q35-10.0",
};

Deno.test("outcomeKey() is the same for the same builds, whatever the order of fields and of sets", () => {
  const { facts, ...rest } = BUILDS;
  const services = ["dc", "sym"];
  const turned = { facts: { services, boardId: facts.boardId, firmware: facts.firmware }, ...rest };
  assertEquals(outcomeKey(turned), outcomeKey(BUILDS));
});

Deno.test("outcomeKey() differs where anything differs that a result depends on", () => {
  const changes: Partial<OutcomeBuilds>[] = [
    { kernel: "6.12.58" },
    { kind: "mdev" },
    { type: "other" },
    { deviceApi: "vfio-ap" },
    { driver: { name: "mlx5_vfio_pci", version: "1", srcversion: null } },
    { driver: { name: "mlx5_vfio_pci", version: null, srcversion: "1" } },
    { parentDriver: null },
    { parentDriver: { name: "mlx5_core", version: null, srcversion: "P2" } },
    { facts: { ...BUILDS.facts, firmware: "22.40" } },
    { facts: { ...BUILDS.facts, boardId: "MT_2" } },
    { facts: { ...BUILDS.facts, eccMode: "on" } },
    { qemu: "10.0.3" },
    { machineType: "pc-q35-9.2" },
  ];
  for (const change of changes) {
    const key = outcomeKey({ ...BUILDS, ...change });
    assertNotEquals(key, null);
    assertNotEquals(key, outcomeKey(BUILDS), JSON.stringify(change));
  }
});

Deno.test("outcomeKey() is null where something is unknown: two unknown values are no equal knowledge", () => {
  const { parentDriver: _, ...withoutParent } = BUILDS;
  let deep: unknown = "end";
  for (let level = 0; level < 5000; level++) deep = [deep];
  const unknown: OutcomeBuilds[] = [
    withoutParent,
    { ...BUILDS, deviceApi: null },
    { ...BUILDS, driver: null },
    { ...BUILDS, qemu: null },
    { ...BUILDS, machineType: null },
    { ...BUILDS, facts: { ...BUILDS.facts, firmware: null } },
    { ...BUILDS, facts: { deep } },
  ];
  assertEquals(unknown.map(outcomeKey), unknown.map(() => null));
  assertEquals(unknown.map(unknownParts), [
    ["driver of the parent"],
    ["device API"],
    ["driver"],
    ["version of QEMU"],
    ["machine type"],
    ["fact firmware"],
    ["fact deep"],
  ]);
  assertEquals(unknownParts(BUILDS), []);
});
