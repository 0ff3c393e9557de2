import { assertEquals } from "@std/assert";
import type { Condition } from "../../documents/mod.ts";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { testCondition } from "./condition.ts";

/** Whether a condition on the fact `f` holds for the values of source and host. Undefined is an absent fact. */
function holds(condition: Omit<Condition, "fact">, source: unknown, host: unknown): boolean | null {
  const holder = (value: unknown) =>
    mttyIdentity({ facts: value === undefined ? {} : { f: value } });
  return testCondition({ fact: "f", ...condition }, holder(source), holder(host)).holds;
}

Deno.test("testCondition() equal compares texts, numbers and sets in any order", () => {
  const equal = { op: "equal" } as const;
  assertEquals(holds(equal, "a", "a"), true);
  assertEquals(holds(equal, 1, "1"), true);
  assertEquals(holds(equal, ["a", "b"], ["b", "a"]), true);
  assertEquals(holds(equal, ["a"], ["a", "b"]), false);
  assertEquals(holds(equal, "a", undefined), null);
  assertEquals(holds(equal, null, "a"), null);
  assertEquals(holds({ ...equal, value: "a" }, undefined, "a"), true);
  assertEquals(holds({ ...equal, value: "a", side: "source" }, "b", "a"), false);
});

Deno.test("testCondition() atLeast and atMost compare whole numbers and sizes", () => {
  const [atLeast, atMost] = [{ op: "atLeast" }, { op: "atMost" }] as const;
  assertEquals(holds(atLeast, 4, 4), true);
  assertEquals(holds(atLeast, 4, 3), false);
  assertEquals(holds(atMost, 4, 5), false);
  assertEquals(holds(atLeast, 2 ** 33, "8 GiB"), true);
  assertEquals(holds(atLeast, "18446744073709551615", "18446744073709551614"), false);
  assertEquals(holds({ ...atLeast, value: "8 GiB" }, undefined, 2 ** 33), true);
  assertEquals(holds({ ...atMost, value: 4, side: "source" }, 5, undefined), false);
  for (
    const [source, host] of [[4, null], [null, 4], [4, "many"], [1.5, 2], [-1, 2], ["1 GB", 2]]
  ) {
    assertEquals(holds(atLeast, source, host), null, `${source} ${host}`);
  }
});

Deno.test("testCondition() superset accepts sets and bit masks, and reports what is lacking", () => {
  const superset = { op: "superset" } as const;
  assertEquals(holds(superset, ["a"], ["a", "b"]), true);
  assertEquals(holds(superset, [], []), true);
  assertEquals(holds(superset, ["a", "c"], ["a", "b"]), false);
  assertEquals(holds(superset, "0x5", "0xff"), true);
  assertEquals(holds(superset, 6, "0x5"), false);
  assertEquals(holds(superset, "0xffffffffffffffff0", "0xffffffffffffffff1"), true);
  assertEquals(holds(superset, "words", "more words"), null);
  assertEquals(holds(superset, ["a"], "0x1"), null);
  const lacking = testCondition(
    { fact: "f", op: "superset" },
    mttyIdentity({ facts: { f: "0x6" } }),
    mttyIdentity({ facts: { f: "0x5" } }),
  );
  assertEquals([lacking.lacking, lacking.source, lacking.host], [["0x2"], "0x6", "0x5"]);
});

Deno.test("testCondition() reports which side's fact is unknown, whatever text a fact has", () => {
  const unknown = (source: Record<string, unknown>, host: Record<string, unknown>) =>
    testCondition(
      { fact: "f", op: "equal" },
      mttyIdentity({ facts: source }),
      mttyIdentity({ facts: host }),
    ).unknown;
  assertEquals(unknown({ f: "not known" }, { f: "1" }), []);
  assertEquals(unknown({}, { f: "1" }), ["source"]);
  assertEquals(unknown({ f: null }, {}), ["source", "host"]);
});

Deno.test("testCondition() version compares a fact with a range, which can contain the source's", () => {
  const range = (range: string) => ({ op: "version", range }) as const;
  assertEquals(holds(range(">=2 <3"), undefined, "2.4"), true);
  assertEquals(holds(range(">={source}"), "535.161.05", "550.90"), true);
  assertEquals(holds(range("~{source}"), "550.54.16", "550.90.05"), false);
  assertEquals(holds(range(">={source}"), undefined, "550"), null);
  assertEquals(holds(range(">=2"), undefined, "not a version"), null);
  assertEquals(holds({ ...range("<2"), side: "source" }, "1.9", "3"), true);
});

Deno.test("testCondition() in accepts listed values, and shown always holds", () => {
  assertEquals(holds({ op: "in", values: ["a", 2] }, undefined, "2"), true);
  assertEquals(holds({ op: "in", values: ["a"] }, undefined, "b"), false);
  assertEquals(holds({ op: "in", values: ["a"] }, undefined, undefined), null);
  assertEquals(holds({ op: "shown" }, undefined, undefined), true);
});

Deno.test("testCondition() reads a host fact with another name, and values outside facts", () => {
  const source = mttyIdentity({ facts: { matrix: ["05.0004"] } });
  const host = mttyIdentity({ facts: { queues: ["05.0004", "06.0004"] } });
  const apart: Condition = { fact: "matrix", hostFact: "queues", op: "superset" };
  assertEquals(testCondition(apart, source, host).holds, true);
  assertEquals(testCondition({ fact: "host.kernel", op: "equal" }, source, host).holds, true);
  assertEquals(
    testCondition({ fact: "pciConfig.revision", op: "equal" }, source, host).holds,
    true,
  );
  assertEquals(testCondition({ fact: "constructor", op: "equal" }, source, host).holds, null);
});
