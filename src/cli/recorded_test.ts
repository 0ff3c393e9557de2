/** Asks recorded hosts about recorded identities. One golden file per host holds the answers as sentences. */
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { shippedRules } from "../judge/rules/mod.ts";
import { assertGolden } from "../../tests/fixtures/golden.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";

const FIXTURES = fromFileUrl(new URL("../../tests/fixtures", import.meta.url));

/** The hosts, and the prefixes of the identities that they are asked about. */
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  "mtty-host": ["mtty-", "mdpy-"],
  "hisi-host": ["hisi-"],
  "qat-host": ["qat-"],
  "xe-host": ["xe-"],
  "mlx5-host": ["mlx5-"],
  "virtio-host": ["virtio-"],
  "pds-host": ["pds-"],
  "nvidia-mdev-host": ["nvidia-t4-"],
  "nvidia-sriov-host": ["nvidia-l40s-"],
  "gvt-host": ["gvt-"],
  "ap-host": ["ap-"],
  "ccw-host": ["ccw-"],
};

const identities = [...Deno.readDirSync(join(FIXTURES, "identities"))].map(({ name }) => name)
  .sort();

/** Runs a test with a temporary file of a recorded host with the built-in rules. */
async function withHost(name: string, run: (path: string) => Promise<void>): Promise<void> {
  const document = JSON.parse(Deno.readTextFileSync(join(FIXTURES, "hosts", `${name}.json`)));
  const path = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    Deno.writeTextFileSync(path, JSON.stringify({ ...document, rules: shippedRules() }));
    await run(path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("every recorded identity belongs to a recorded host, and every host has one", () => {
  const owners = identities.map((identity) =>
    Object.keys(HOSTS).filter((host) => HOSTS[host]!.some((start) => identity.startsWith(start)))
  );
  assertEquals(owners.map(({ length }) => length), identities.map(() => 1));
  assertEquals(new Set(owners.flat()), new Set(Object.keys(HOSTS)));
  const files = [...Deno.readDirSync(join(FIXTURES, "hosts"))].map(({ name }) => name);
  assertEquals(
    files.filter((name) => name.endsWith(".json")).sort(),
    Object.keys(HOSTS).map((name) => `${name}.json`).sort(),
  );
});

for (const [host, starts] of Object.entries(HOSTS)) {
  Deno.test(`${host} gives the recorded answers`, async () => {
    let text = "";
    await withHost(host, async (path) => {
      const supported = await runCli(["supported", "--snapshot", path]);
      assertEquals(supported.err, "");
      text +=
        `$ vfio-ask supported --snapshot ${host}.json; echo $?\n${supported.out}${supported.code}\n`;
      for (const name of identities.filter((id) => starts.some((start) => id.startsWith(start)))) {
        const identity = join(FIXTURES, "identities", name);
        const { out, err, code } = await runCli(["ask", "--explain", "--snapshot", path, identity]);
        assertEquals(err, "");
        text +=
          `\n$ vfio-ask ask --explain --snapshot ${host}.json ${name}; echo $?\n${out}${code}\n`;
      }
    });
    assertGolden(`answers/${host}.txt`, text);
  });
}
