import { assert, assertEquals } from "@std/assert";
import * as z from "zod/mini";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { guardOf } from "./guard.ts";
import { Identity } from "./identity.ts";
import { OperatorFacts } from "./operator_facts.ts";
import { shareSnapshot } from "./share_snapshot.ts";
import { SnapshotDocument } from "./snapshot_document.ts";

const WRONG: readonly unknown[] = [null, true, -1, 1.5, 1e300, "", "x\x1b", "a".repeat(5_000), [], [
  null,
], {}];

/** A copy of a document for each field with each wrong value, and one without the field. */
function* alter(document: object): Generator<[path: string, altered: unknown]> {
  for (const path of pathsOf(document)) {
    for (const value of [...WRONG, undefined]) {
      const altered = structuredClone(document);
      let at = altered as Record<string, unknown>;
      for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
      if (value === undefined) delete at[path.at(-1)!];
      else at[path.at(-1)!] = value;
      // As in a document from another program.
      yield [
        `${path.join("/")} = ${JSON.stringify(value)?.slice(0, 20)}`,
        JSON.parse(JSON.stringify(altered)),
      ];
    }
  }
}

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

Deno.test("guardOf() accepts complete documents", () => {
  assert(guardOf(Identity)(mttyIdentity()));
  assert(guardOf(SnapshotDocument)(mttySnapshot()));
  assert(guardOf(SnapshotDocument)(shareSnapshot(mttySnapshot())));
});

Deno.test("guardOf() refuses everything that the schema refuses, and nothing else in these documents", () => {
  const { devices: [device], types: [type], ...rest } = mttySnapshot();
  const snapshot = { ...rest, devices: [device], types: [type] };
  for (
    const [schema, document] of [[Identity, mttyIdentity()], [SnapshotDocument, snapshot]] as const
  ) {
    let left = 0;
    for (const [change, altered] of alter(document)) {
      const [fast, slow] = [guardOf(schema)(altered), z.safeParse(schema, altered).success];
      assert(slow || !fast, `the guard accepts what the schema refuses: ${change}`);
      if (slow && !fast) left++;
    }
    assertEquals(left, 0, "the guard refuses valid documents");
  }
});

Deno.test("guardOf() refuses all values of unsupported schemas", () => {
  const facts = { schema: "vfio-ask/facts/v1", facts: [] };
  assert(OperatorFacts._zod.def.type === "lazy" && z.safeParse(OperatorFacts, facts).success);
  assert(!guardOf(OperatorFacts)(facts), "a strict object has no guard");
  assert(!guardOf(z.string().check(z.startsWith("a")))("a"));
  assert(!guardOf(z.date())(new Date(0)));
});

Deno.test("guardOf() refuses __proto__ as a key", () => {
  const record = z.record(z.string(), z.number());
  assert(guardOf(record)({ a: 1 }));
  assert(!guardOf(record)(JSON.parse('{"__proto__": 1}')));
});
