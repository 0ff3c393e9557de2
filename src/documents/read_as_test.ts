import { assertEquals, assertStringIncludes } from "@std/assert";
import type * as z from "zod/mini";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { Identity } from "./identity.ts";
import { describeIssue, type ReadAs, readAs } from "./read_as.ts";
import { Selector } from "./rules.ts";
import { shown } from "./shorten.ts";
import { readSnapshot } from "./read_snapshot.ts";

/** The description of a document's first issue. */
function firstIssue(schema: z.core.$ZodType, document: unknown): string {
  return firstOf(readAs(schema, document));
}

function firstOf({ issues }: ReadAs<unknown>): string {
  return issues === undefined ? "nothing" : describeIssue(issues[0]);
}

const identity = (change: Record<string, unknown>) => ({ ...mttyIdentity(), ...change });

Deno.test("readAs() returns a valid document itself", () => {
  const document = { ...mttyIdentity(), later: { field: 1 } };
  assertEquals(readAs(Identity, document), { data: document });
});

Deno.test("readAs() reports the place, the value and what was expected", () => {
  const { migration } = mttyIdentity();
  const said: readonly (readonly [change: Record<string, unknown>, string])[] = [
    [
      { migration: { ...migration, stopCopyBytes: "x" } },
      '/migration/stopCopyBytes is "x": expected number, received string',
    ],
    [
      { migration: { ...migration, stopCopyBytes: -1 } },
      "/migration/stopCopyBytes is -1: expected number to be >=0",
    ],
    [
      { migration: { ...migration, stopCopyBytes: 1.5 } },
      "/migration/stopCopyBytes is 1.5: expected a whole number",
    ],
    [{ kind: "usb" }, '/kind is "usb": expected one of "mdev"|"pci"'],
    [{ id: "" }, '/id is "": expected string to have >=1 characters'],
    [{ id: "a\x1b[2J\x9b" }, String.raw`/id is "a\u001b[2J\u009b": expected no control characters`],
    [{ type: undefined }, "/type is missing: expected string"],
    [{ host: null }, "/host is null: expected object, received null"],
  ];
  for (const [change, sentence] of said) {
    assertStringIncludes(firstIssue(Identity, identity(change)), sentence);
  }
});

Deno.test("readAs() shortens a very long value", () => {
  const said = firstIssue(Identity, identity({ id: "a".repeat(100_000) }));
  assertStringIncludes(said, "…: expected string to have <=512 characters");
  assertEquals(said.length < 200, true, said);
});

Deno.test("readAs() reports the option of a union that got furthest, or all options", () => {
  assertStringIncludes(
    firstIssue(Selector, { driver: ["a", 17] }),
    "/driver/1 is 17: expected string, received number",
  );
  assertStringIncludes(
    firstIssue(Selector, { driver: 17 }),
    "/driver is 17: expected string, received number; or expected array, received number",
  );
});

Deno.test("readSnapshot() refuses negative sizes, and names that are empty, too long or have control characters", () => {
  const { devices: [device], types: [type] } = mttySnapshot();
  const names = ["", "a".repeat(513), "a\n", "\x7f", "\x85"];
  for (const name of names) {
    for (const field of ["id", "type", "parent"]) {
      const document = mttySnapshot({ devices: [{ ...device!, [field]: name }] });
      assertStringIncludes(firstOf(readSnapshot(document)), `/devices/0/${field} is `);
    }
    const driver = { ...type!.driver!, name };
    const document = mttySnapshot({ types: [{ ...type!, driver }] });
    assertStringIncludes(firstOf(readSnapshot(document)), "/types/0/driver/name is ");
  }
  const negative = mttySnapshot({ types: [{ ...type!, availableInstances: -1 }] });
  assertStringIncludes(firstOf(readSnapshot(negative)), "/types/0/availableInstances is -1: ");
});

Deno.test("shown() escapes and shortens", () => {
  assertEquals(shown("a\x1b\x9b"), String.raw`"a\u001b\u009b"`);
  assertEquals(shown(undefined), "nothing");
  assertEquals(shown("a".repeat(1_000)).length, 81);
});
