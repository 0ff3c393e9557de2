import { assertEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { Identity } from "./identity.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Path = readonly (string | number)[];

const QEMU = {
  qemu: "10.0.2",
  machineType: "pc-q35-10.0",
  backend: "container",
  enableMigration: "auto",
} as const;

/** The document as plain JSON, as another program sees it. */
function json(): Json {
  return JSON.parse(JSON.stringify(mttyIdentity({ vmm: QEMU })));
}

/** A complete document with one changed value; `undefined` removes the field. */
function changed(path: Path, value: Json | undefined): Json {
  const document = json();
  let at = document as Record<string | number, Json>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, Json>;
  if (value === undefined) delete at[path.at(-1)!];
  else at[path.at(-1)!] = value;
  return document;
}

function pathsRefused(document: Json): string[] {
  const read = Identity.safeParse(document);
  return read.success ? [] : read.error.issues.map(({ path }) => path.join("."));
}

/** Every object in a document, by its path. */
function objectsIn(value: Json, path: Path = []): Path[] {
  if (value === null || typeof value !== "object") return [];
  const children = Object.entries(value).flatMap(([key, child]) =>
    objectsIn(child, [...path, Array.isArray(value) ? Number(key) : key])
  );
  return Array.isArray(value) ? children : [path, ...children];
}

Deno.test("Identity reads a complete document and returns it unchanged", () => {
  assertEquals(Identity.parse(json()) as unknown, json());
});

Deno.test("Identity keeps unknown fields at every depth", () => {
  const objects = objectsIn(json());
  assertEquals(objects.length, 12);
  for (const path of objects) {
    const document = changed([...path, "later"], { field: ["of", 2, null] });
    assertEquals(Identity.parse(document) as unknown, document, path.join("."));
  }
});

Deno.test("Identity refuses a missing field and names its path", () => {
  const optional = new Set([
    "vmm",
    "migration.checks",
    "pciConfig.capabilities.0.vectors",
    "pciConfig.space",
  ]);
  for (const object of objectsIn(json())) {
    if (object[0] === "facts" || object[0] === "vmm") continue;
    const fields = object.reduce((at, key) => (at as Record<string, Json>)[key]!, json());
    for (const field of Object.keys(fields as object)) {
      const path = [...object, field];
      const name = path.join(".");
      const refused = pathsRefused(changed(path, undefined));
      assertEquals(refused, optional.has(name) ? [] : [name]);
    }
  }
});

Deno.test("Identity refuses a wrong value and names its path", () => {
  const wrong: readonly (readonly [Path, Json])[] = [
    [["schema"], "vfio-ask/identity/v2"],
    [["id"], ""],
    [["id"], "x".repeat(513)],
    [["kind"], "usb"],
    [["host", "name"], 17],
    [["host", "kernel"], null],
    [["type"], null],
    [["version"], "x".repeat(4097)],
    [["description"], null],
    [["driver", "name"], ""],
    [["facts"], []],
    [["pciConfig", "bars", 0, "kind"], "mem16"],
    [["pciConfig", "capabilities", 0, "id"], 5],
    [["migration", "uapi"], "v3"],
    [["migration", "observed"], "guessed"],
    [["migration", "checks", 0, "errno"], 25],
    [["vmm", "qemu"], "ten"],
    [["vmm", "machineType"], ""],
    [["vmm", "backend"], "vfio"],
    [["vmm", "enableMigration"], true],
    [["initialData", "base64"], "not base64!"],
    [["initialData", "bytes"], -1],
    [["initialData", "sha256"], "A".repeat(64)],
  ];
  for (const [path, value] of wrong) {
    assertEquals(pathsRefused(changed(path, value)), [path.join(".")], JSON.stringify(value));
  }
});

Deno.test("Identity refuses an arc that is not a pair of states", () => {
  for (const arc of [["running"], ["running", "stop", "running"], "running"]) {
    const [path] = pathsRefused(changed(["migration", "arcs", 0], arc));
    assertEquals(path?.startsWith("migration.arcs.0"), true, JSON.stringify(arc));
  }
});

Deno.test("Identity reports all wrong fields together", () => {
  const document = changed(["kind"], "usb") as Record<string, Json>;
  delete document.type;
  assertEquals(pathsRefused(document).sort(), ["kind", "type"]);
});

Deno.test("Identity accepts null for unknown values", () => {
  for (const field of ["deviceApi", "version", "driver", "pciConfig", "initialData"]) {
    assertEquals(pathsRefused(changed([field], null)), []);
  }
  for (const field of ["qemu", "machineType", "backend", "enableMigration"]) {
    assertEquals(pathsRefused(changed(["vmm", field], null)), []);
    assertEquals(pathsRefused(changed(["vmm", field], undefined)), []);
  }
  for (const field of ["module", "version", "srcversion"]) {
    assertEquals(pathsRefused(changed(["driver", field], null)), []);
  }
});

Deno.test("Identity refuses values that are not documents", () => {
  for (const document of [null, [], "identity", 17]) assertEquals(pathsRefused(document), [""]);
});
