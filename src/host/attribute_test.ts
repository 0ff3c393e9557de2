import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { plantEmptyHost, plantRefusal } from "../../tests/fixtures/planted_host.ts";
import { Failure } from "../documents/mod.ts";
import {
  lastPart,
  listDirectory,
  parseHex,
  parseNumber,
  readAttribute,
  readLink,
  resolvePath,
} from "./attribute.ts";

Deno.test("readAttribute() removes the last newline and no other", () => {
  using host = plantEmptyHost();
  host.sys.attribute("a", "two\nlines\n");
  host.sys.bytes("empty", new Uint8Array());
  assertEquals(readAttribute(join(host.roots.sys, "a")), "two\nlines\n");
  assertEquals(readAttribute(join(host.roots.sys, "empty")), "");
});

Deno.test("a missing attribute, link, directory or path is an answer, not an error", () => {
  using host = plantEmptyHost();
  host.sys.attribute("file", "x");
  for (const path of ["none", "none/at/all", "file/below"].map((p) => join(host.roots.sys, p))) {
    assertEquals(readAttribute(path), null);
    assertEquals(readLink(path), null);
    assertEquals(listDirectory(path), []);
    assertEquals(resolvePath(path), null);
  }
  assertEquals(readLink(join(host.roots.sys, "file")), null);
});

Deno.test("readAttribute() names the path and the kernel's error", () => {
  using host = plantEmptyHost();
  host.sys.directory("modalias");
  const path = join(host.roots.sys, "modalias");
  const failure = assertThrows(() => readAttribute(path), Failure);
  assertEquals([failure.code, failure.subject], ["kernel", path]);
  assertEquals(failure.message, `Cannot read ${path}: kernel answered EISDIR`);
});

Deno.test("listDirectory() and resolvePath() throw kernel errors other than absence", () => {
  using host = plantEmptyHost();
  plantRefusal(host.sys, "loop");
  const path = join(host.roots.sys, "loop");
  assertThrows(() => listDirectory(path), Failure, "ELOOP");
  assertThrows(() => resolvePath(path), Failure, "ELOOP");
});

Deno.test("listDirectory() returns names in the same order on every host", () => {
  using host = plantEmptyHost();
  for (const name of ["b", "a", "10", "9"]) host.sys.directory(`d/${name}`);
  assertEquals(listDirectory(join(host.roots.sys, "d")), ["10", "9", "a", "b"]);
});

Deno.test("readLink() returns the text of a dangling link", () => {
  using host = plantEmptyHost();
  host.sys.link("devices/a/driver", "bus/pci/drivers/gone");
  assertEquals(readLink(join(host.roots.sys, "devices/a/driver")), "../../bus/pci/drivers/gone");
  assertEquals(resolvePath(join(host.roots.sys, "devices/a/driver")), null);
});

Deno.test("parseNumber() reads only whole numbers", () => {
  const cases: readonly (readonly [string | null, number | null])[] = [
    ["0", 0],
    ["-1", -1],
    ["16", 16],
    [" 7 \n", 7],
    ["0x1d", 29],
    ["", null],
    ["N/A", null],
    ["1.5", null],
    ["12 13", null],
    [null, null],
  ];
  for (const [text, number] of cases) assertEquals(parseNumber(text), number, String(text));
});

Deno.test("parseHex() returns ids in lower case without 0x", () => {
  assertEquals(parseHex("0x10DE"), "10de");
  assertEquals(parseHex("a1"), "a1");
  assertEquals(parseHex(null), null);
});

Deno.test("lastPart() is what follows the last slash", () => {
  assertEquals(lastPart("../../bus/pci"), "pci");
  assertEquals(lastPart("pci"), "pci");
});
