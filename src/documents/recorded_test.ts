import { assert, assertEquals } from "@std/assert";
import { Identity } from "./identity.ts";
import { parseSnapshot } from "./read_snapshot.ts";
import { compareText } from "./text.ts";

const FIXTURES = new URL("../../tests/fixtures/", import.meta.url);

/** The recorded documents: the name without `.json`, and the content. */
function* recorded(folder: string): Generator<[name: string, document: unknown]> {
  const directory = new URL(`${folder}/`, FIXTURES);
  for (const { name } of [...Deno.readDirSync(directory)].toSorted(byName)) {
    if (!name.endsWith(".json")) continue;
    const text = Deno.readTextFileSync(new URL(name, directory));
    yield [name.slice(0, -".json".length), JSON.parse(text)];
  }
}

function byName(a: Deno.DirEntry, b: Deno.DirEntry): number {
  return compareText(a.name, b.name);
}

for (const [name, document] of recorded("hosts")) {
  Deno.test(`readSnapshot() reads the recorded ${name}`, () => {
    const snapshot = parseSnapshot(document);
    assertEquals(snapshot, document, "nothing is lost or added");
    assertEquals(snapshot.rules, [], "tests add the rules that they need");
    const names = new Set(snapshot.devices.map(({ id }) => id));
    assertEquals(names.size, snapshot.devices.length, "no device twice");
    for (const { instances } of snapshot.types) {
      assert(instances.every((id) => names.has(id)), "instances are devices of the host");
    }
    for (const { migration } of [...snapshot.devices, ...snapshot.types]) {
      const { observed, inferredFrom } = migration;
      if (observed === "inferred") {
        assert(names.has(inferredFrom ?? ""), "from a device of the host");
      }
    }
  });
}

for (const [name, document] of recorded("identities")) {
  Deno.test(`Identity reads the recorded ${name}`, async () => {
    const identity = Identity.parse(document);
    assertEquals(identity, document, "nothing is lost or added");
    if (identity.initialData === null) return;
    const { base64, sha256 } = identity.initialData;
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.fromBase64(base64));
    assertEquals(new Uint8Array(digest).toHex(), sha256);
  });
}

Deno.test("every recorded identity has a recorded host of its kind and comes from another host", () => {
  const hosts = [...recorded("hosts")].map(([, host]) => parseSnapshot(host));
  for (const [name, document] of recorded("identities")) {
    const source = Identity.parse(document);
    assert(hosts.every(({ host }) => host.bootId !== source.host.bootId), `${name} is elsewhere`);
    const prefix = source.type.split(/[-:]/)[0]!;
    const there = hosts.flatMap(({ devices, types }) => [...devices, ...types]);
    assert(there.some(({ type }) => type.startsWith(prefix)), `${name} has somewhere to go`);
  }
});
