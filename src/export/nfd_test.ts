import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { simulateWorld } from "../../tests/fixtures/world.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { Failure } from "../documents/mod.ts";
import { observeHost } from "../view/mod.ts";
import { formatNfd } from "./nfd.ts";

/** Source: Kubernetes, "Labels and Selectors": syntax and character set. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

/**
 * The labels of a features file, read by the rules of node-feature-discovery: lines of `namespace/name=value`, comments,
 * and at most 64 KiB. Throws for a label that Kubernetes refuses.
 */
function labelsIn(text: string): Map<string, string> {
  assert(new TextEncoder().encode(text).length <= 64 * 1024);
  const labels = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [key, value, ...rest] = line.split("=");
    const [namespace, name, ...more] = key!.split("/");
    assertEquals([rest, more, namespace], [[], [], "feature.node.kubernetes.io"], line);
    assert(NAME.test(name!), line);
    assert(value !== undefined && VALUE.test(value), line);
    assert(!labels.has(name!), line);
    labels.set(name!, value);
  }
  return labels;
}

Deno.test("formatNfd() writes labels of each type with its counts", () => {
  const text = formatNfd(mttySnapshot());
  assertEquals(
    text,
    `# Written by vfio-ask export nfd.
feature.node.kubernetes.io/vfio-ask.migratable=true
feature.node.kubernetes.io/vfio-ask.unknown=false
feature.node.kubernetes.io/vfio-ask.type.mtty-1.v2.free=9
feature.node.kubernetes.io/vfio-ask.type.mtty-1.v2.total=9
feature.node.kubernetes.io/vfio-ask.type.mtty-2.v2.free=10
feature.node.kubernetes.io/vfio-ask.type.mtty-2.v2.total=10
`,
  );
  assertEquals(labelsIn(text).size, 6);
});

Deno.test("formatNfd() counts what nobody has asked apart, and leaves out what cannot migrate", () => {
  const migration = { ...mttyDevice().migration, uapi: "unknown" } as const;
  const none = { ...migration, uapi: "none" } as const;
  const labels = labelsIn(formatNfd(mttySnapshot({
    devices: [mttyDevice({ migration }), mttyDevice({ id: "x", type: "mdpy", migration: none })],
    types: [],
  })));
  assertEquals(Object.fromEntries(labels), {
    "vfio-ask.migratable": "false",
    "vfio-ask.unknown": "true",
    "vfio-ask.type.mtty-2.unknown.free": "1",
    "vfio-ask.type.mtty-2.unknown.total": "1",
  });
});

Deno.test("formatNfd() writes when the labels expire", () => {
  const text = formatNfd(mttySnapshot(), { expirySeconds: 90 });
  assertStringIncludes(text, "\n# +expiry-time=2026-01-01T00:01:30.000Z\n");
});

for (const name of ["gpu-host", "nic-host", "mixed"]) {
  Deno.test(`formatNfd() writes only labels that Kubernetes accepts: ${name}`, async () => {
    await using host = simulateWorld(name);
    const options = { mode: "representative", settleMs: 0 } as const;
    const { snapshot } = await observeHost(host.world, options);
    assert(labelsIn(formatNfd(snapshot)).size > 4);
    assertEquals(formatNfd(snapshot), formatNfd(structuredClone(snapshot)));
  });
}

Deno.test("formatNfd() keeps types with long or strange names apart", () => {
  const long = (end: string) => `vendor ${"x".repeat(200)}${end}`;
  const types = [long("a"), long("b"), "é=/#", "é=/ ", "-", "", "\n"].map((type) =>
    mttyType({ type })
  );
  const labels = labelsIn(formatNfd(mttySnapshot({ devices: [], types })));
  assertEquals(labels.size, 2 + 2 * types.length);
});

Deno.test("formatNfd() refuses a file that node-feature-discovery would ignore", () => {
  const types = Array.from({ length: 1000 }, (_, n) => mttyType({ type: `a-type-of-many-${n}` }));
  assertThrows(() => formatNfd(mttySnapshot({ types })), Failure, "bytes");
});
