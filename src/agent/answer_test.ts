import { assertEquals } from "@std/assert";
import { formatSnapshot, Identity, parseSnapshot } from "../identity/mod.ts";
import { shippedRules } from "../rules/mod.ts";
import { answer } from "./answer.ts";

const FIXTURES = new URL("../../tests/fixtures/", import.meta.url);

function readAll(folder: string): unknown[] {
  const directory = new URL(`${folder}/`, FIXTURES);
  return Array.from(Deno.readDirSync(directory), ({ name }) => name)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(Deno.readTextFileSync(new URL(name, directory))));
}

Deno.test("answer() of a snapshot that was written and read again is the same, for every recorded pair", () => {
  const sources = readAll("identities").map((document) => Identity.parse(document) as Identity);
  for (const document of readAll("hosts")) {
    const host = { ...parseSnapshot(document), rules: shippedRules() };
    const read = parseSnapshot(JSON.parse(formatSnapshot(host)));
    for (const source of sources) assertEquals(answer(read, source), answer(host, source));
  }
});
