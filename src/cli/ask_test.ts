import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { assertGolden } from "../../tests/fixtures/golden.ts";
import { mttyIdentity, unmigratableIdentity } from "../../tests/fixtures/identity.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { Answer, type Identity } from "../documents/mod.ts";

const HOST = ["--simulate", "gpu-host"];
/** Devices of the simulated host: a vGPU in use, and a disk that cannot migrate. */
const GPU = "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101";
const DISK = "0000:d9:00.0";
/** A device of the simulated host `mixed`. */
const MTTY = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";

/** Runs a test with a file that contains a document. */
async function withFile<T>(document: unknown, run: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ prefix: "vfio-ask-test-", suffix: ".json" });
  try {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    await Deno.writeTextFile(path, text);
    return await run(path);
  } finally {
    await Deno.remove(path);
  }
}

const ask = (document: unknown, ...options: string[]) =>
  withFile(document, (path) => runCli(["ask", ...HOST, ...options, path]));

Deno.test("ask exits with 3 if the needs of QEMU are unknown, and with 0 if they are met", async () => {
  const here = ["--simulate", "mixed"];
  const unsaid = await runCli(["ask", ...here, MTTY]);
  assertEquals(unsaid.code, 3);
  assertStringIncludes(unsaid.out, "need (all)  unknown  DirtyTrackingMissing");
  const { out } = await runCli(["identity", ...here, MTTY, "--enable-migration", "on"]);
  const said = await withFile(JSON.parse(out), (path) => runCli(["ask", ...here, "--json", path]));
  const answer = Answer.parse(JSON.parse(said.out));
  assertEquals([said.code, answer.offers[0]!.verdict], [0, "compatible"]);
  assertEquals(answer.offers[0]!.needs.map(({ state }) => state), ["met"]);
  for (const [value, code] of [["on", 0], ["auto", 1], ["off", 1]] as const) {
    assertEquals((await runCli(["ask", ...here, "--enable-migration", value, MTTY])).code, code);
  }
});

Deno.test("ask exits with 3 for a device of another host if compatibility is unknown", async () => {
  const { out: document } = await runCli(["identity", ...HOST, GPU]);
  const { code, out } = await ask({ ...JSON.parse(document), host: mttyIdentity().host });
  assertEquals(code, 3);
  assertStringIncludes(out, "device c40d81ae-6b92-4e1f-8d37-0f5a29e6b703");
  assertStringIncludes(out, "eccMode is not known");
});

Deno.test("ask uses declared facts for devices, types and sources", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const facts = [{ for: { parent: "0000:*", type: "nvidia-*" }, set: { eccMode: "disabled" } }];
    const document = { schema: "vfio-ask/facts/v1", facts };
    await Deno.writeTextFile(join(directory, "ecc.json"), JSON.stringify(document));
    const { code, out } = await runCli(["ask", ...HOST, "--facts", directory, "--json", GPU]);
    assertEquals(code, 0);
    const { offers } = Answer.parse(JSON.parse(out));
    assertEquals(new Set(offers.map(({ verdict }) => verdict)), new Set(["compatible"]));
    const { out: identity } = await runCli(["identity", ...HOST, "--facts", directory, GPU]);
    assertEquals(JSON.parse(identity).facts.eccMode, "disabled");
    await Deno.writeTextFile(join(directory, "bad.json"), "{");
    const { err } = await runCli(["devices", ...HOST, "--facts", directory]);
    assertStringIncludes(err, "Cannot use the facts in");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("ask exits with 1 if no configuration fits the source", async () => {
  const { code, out } = await ask(mttyIdentity());
  assertEquals(code, 1);
  assertStringIncludes(out, "No configuration of this host is compatible.");
  assertStringIncludes(out, "TypeDiffers");
});

Deno.test("ask exits with 1 and prints the reasons if the source cannot migrate", async () => {
  for (const options of [[], ["--json"]]) {
    const { code, out } = await ask(unmigratableIdentity(), ...options);
    assertEquals(code, 1);
    assertStringIncludes(out, "SourceCannotMigrate");
  }
  const { code, out } = await runCli(["ask", ...HOST, DISK]);
  assertEquals(code, 1);
  assertStringIncludes(out, "ENOTTY");
});

Deno.test("ask exits with 3 if it is unknown whether the devices fit", async () => {
  const { code, out } = await runCli(["ask", ...HOST, "--probe", "never", "--json", GPU]);
  const { offers } = Answer.parse(JSON.parse(out));
  assert(offers.length > 0 && offers.every(({ verdict }) => verdict === "unknown"));
  assertEquals(code, 3);
});

/** Files without an identity, and what the error must contain. */
const NO_IDENTITIES: readonly (readonly [name: string, document: unknown, word: string])[] = [
  ["no JSON", "{", "JSON"],
  ["nothing", "", "JSON"],
  ["null", null, "schema"],
  ["another schema", { schema: "vfio-ask/snapshot/v1" }, "vfio-ask/snapshot/v1"],
  ["a newer schema", { ...mttyIdentity(), schema: "vfio-ask/identity/v2" }, "vfio-ask/identity/v1"],
  ["a wrong field", { ...mttyIdentity(), kind: "usb" }, "kind"],
];

for (const [name, document, word] of NO_IDENTITIES) {
  Deno.test(`ask with a file of ${name} exits with 2 and names the expected document`, async () => {
    const { code, out, err } = await ask(document);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, word);
    assertStringIncludes(err, "Cannot read the identity in ");
  });
}

Deno.test("ask exits with 2 if the file or device does not exist", async () => {
  for (const subject of ["/nowhere/identity.json", "0000:ff:00.0"]) {
    const { code, err } = await runCli(["ask", ...HOST, subject]);
    assertEquals(code, 2);
    assertStringIncludes(err, subject);
  }
});

Deno.test("ask escapes text of a document that would move the cursor", async () => {
  const evil = (identity: Identity): Identity => ({
    ...identity,
    id: "\x1b[2J1",
    type: "mtty-2\x1b]0;x\x07",
    description: "mtty:\r\x9bK",
    driver: { ...identity.driver!, name: "m\x1btty" },
  });
  for (const identity of [mttyIdentity(), unmigratableIdentity()]) {
    const { out, err } = await ask(evil(identity));
    assertEquals(/[^\P{Cc}\n]/u.exec(out + err), null);
  }
});

Deno.test("devices, types and ask print the expected text for a simulated host", async () => {
  const now = () => new Date("2026-01-01T00:00:00Z");
  const texts: string[] = [];
  for (const argv of [["devices"], ["types"], ["ask", GPU]]) {
    const command = [argv[0]!, ...HOST, ...argv.slice(1)];
    const { out } = await runCli(command, (world) => ({ ...world, now }));
    texts.push(`$ vfio-ask ${command.join(" ")}\n${out}`);
  }
  assertGolden("gpu_host.txt", texts.join("\n"));
});

Deno.test("devices and types escape text of the host that would move the cursor", async () => {
  for (const command of ["devices", "types"]) {
    const { out, err } = await runCli([command, ...HOST, "--probe", "never"], (world) => {
      const { proc } = world.roots;
      Deno.writeTextFileSync(join(proc, "sys/kernel/hostname"), "hv\x1b[2J\n");
      Deno.writeTextFileSync(join(proc, "20114/comm"), "qemu\x1b]0;x\x07\n");
      return world;
    });
    assertEquals(/[^\P{Cc}\n]/u.exec(out + err), null);
  }
});

Deno.test("probe escapes a holder's name that would move the cursor", async () => {
  for (const format of [[], ["--ndjson"], ["--json"]]) {
    const { out, err } = await runCli(["probe", ...HOST, ...format, GPU], (world) => {
      Deno.writeTextFileSync(join(world.roots.proc, "20114/comm"), "qemu\x1b]0;x\x07\n");
      return world;
    });
    assertEquals(/[^\P{Cc}\n]/u.exec(out + err), null);
  }
});

Deno.test("identity contains the QEMU options that were given, and no others", async () => {
  const told = [
    "--qemu-version",
    "10.0.2",
    "--machine-type",
    "pc-q35-10.0",
    "--backend",
    "iommufd",
  ];
  const { out } = await runCli(["identity", ...HOST, GPU, ...told, "--enable-migration", "auto"]);
  assertEquals(JSON.parse(out).vmm, {
    qemu: "10.0.2",
    machineType: "pc-q35-10.0",
    backend: "iommufd",
    enableMigration: "auto",
  });
  assertEquals(JSON.parse((await runCli(["identity", ...HOST, GPU])).out).vmm, undefined);
});

Deno.test("identity exits with 0, 1 or 3 if the device can migrate, cannot, or this is unknown", async () => {
  assertEquals((await runCli(["identity", ...HOST, GPU])).code, 0);
  assertEquals((await runCli(["identity", ...HOST, DISK])).code, 1);
  assertEquals((await runCli(["identity", ...HOST, "--probe", "never", GPU])).code, 3);
});

Deno.test("probe exits with 4 if a device does not answer", async () => {
  assertEquals((await runCli(["probe", ...HOST, DISK])).code, 0);
  assertEquals((await runCli(["probe", ...HOST, DISK, GPU])).code, 4);
});
