import { assertEquals, assertThrows } from "@std/assert";
import { plantEmptyHost, plantRefusal } from "../../../tests/fixtures/planted_host.ts";
import { listNames, readCount, readFlag, readSet, readText, toSet, unlessRefused } from "./fact.ts";

Deno.test("toSet() drops duplicates and empty texts, and sorts", () => {
  assertEquals(toSet(["b", "", "a", "b", "B"]), ["B", "a", "b"]);
});

Deno.test("readText() is null if the attribute is absent, empty or refused", () => {
  using host = plantEmptyHost();
  host.sys.attribute("text", "  a b ");
  host.sys.attribute("empty", " ");
  plantRefusal(host.sys, "refused");
  const read = (name: string) => readText(`${host.roots.sys}/${name}`);
  assertEquals(["text", "empty", "refused", "absent"].map(read), ["a b", null, null, null]);
});

Deno.test("readSet() distinguishes an empty attribute from an absent or refused one", () => {
  using host = plantEmptyHost();
  host.sys.attribute("text", "b  a\nb");
  host.sys.attribute("empty", "");
  plantRefusal(host.sys, "refused");
  const read = (name: string) => readSet(`${host.roots.sys}/${name}`);
  assertEquals(["text", "empty", "refused", "absent"].map(read), [["a", "b"], [], null, null]);
});

Deno.test("readCount() and readFlag() are null if there is nothing to read", () => {
  using host = plantEmptyHost();
  for (const text of ["0", "64", "x"]) host.sys.attribute(text, text);
  const at = (name: string) => `${host.roots.sys}/${name}`;
  assertEquals(["0", "64", "x", "absent"].map((name) => readCount(at(name))), [0, 64, null, null]);
  assertEquals(["0", "64", "absent"].map((name) => readFlag(at(name))), [false, true, null]);
});

Deno.test("listNames() is empty if the directory is refused", () => {
  using host = plantEmptyHost();
  plantRefusal(host.sys, "refused");
  assertEquals(listNames(`${host.roots.sys}/refused`), []);
});

Deno.test("unlessRefused() passes on errors of our own", () => {
  assertThrows(() =>
    unlessRefused(() => {
      throw new TypeError("ours");
    }), TypeError);
});
