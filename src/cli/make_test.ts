import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { domainXml, mttyMachine } from "../../tests/fixtures/virtual_machine.ts";
import { formatSnapshot, type VirtualMachine } from "../documents/mod.ts";

const SOURCE = mttyIdentity().id;
/** A host without devices, which can make some. */
const NONE = mttySnapshot({ devices: [] });

/** Asks the host of a snapshot about a document. */
async function ask(document: unknown, snapshot = NONE, ...options: string[]) {
  const directory = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  try {
    const [file, host] = [`${directory}/vm.json`, `${directory}/host.json`];
    const text = typeof document === "string" ? document : JSON.stringify(document);
    await Deno.writeTextFile(file, text);
    await Deno.writeTextFile(host, formatSnapshot(snapshot));
    return await runCli(["ask", "--snapshot", host, ...options, file]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("ask answers for a virtual machine with one device as for all of its devices", async () => {
  const { code, out } = await ask(mttyMachine(), NONE, "--json", "--details");
  const { hosts: [{ answer }] } = JSON.parse(out);
  assertEquals([code, answer.schema, answer.machine.name], [0, "vfio-ask/answers/v1", "web-1"]);
  assertEquals(answer.together.plans[0].placements[0].source, SOURCE);
  assert(/^[0-9a-f]{16}$/.test(answer.together.plans[0].id));
});

Deno.test("ask does not say yes for a machine some of whose devices are not known", async () => {
  const problem = { code: "gone", subject: "x", sentence: "x no longer exists", remedy: null };
  const machine = mttyMachine({ problems: [problem as VirtualMachine["problems"][number]] });
  const { code, out } = await ask(machine);
  assertEquals(code, 3);
  assertStringIncludes(
    out,
    "DevicesNotKnown: not all devices of web-1 are known: x no longer exists",
  );
  const made = await ask(machine, NONE, "--make", "commands");
  assertEquals(made.code, 3);
  assertStringIncludes(made.err, "DevicesNotKnown");
});

Deno.test("ask --make prints XML, commands and a definition", async () => {
  const xml = await ask(mttyMachine(), NONE, "--make", "xml");
  assertEquals([xml.code, xml.out], [0, domainXml(SOURCE)]);
  assertStringIncludes(xml.err, "Look at: The domain is transient");
  const commands = await ask(
    mttyMachine(),
    NONE,
    "--make",
    "commands",
    "--to",
    "qemu+tls://b/system",
  );
  assertEquals([commands.code, commands.err], [0, ""]);
  assertStringIncludes(
    commands.out,
    `\nmdevctl start --uuid ${SOURCE} --parent mtty --type mtty-2\n`,
  );
  assertStringIncludes(
    commands.out,
    "\nvirsh migrate --live --verbose web-1 qemu+tls://b/system\n",
  );
  const definition = await ask(mttyMachine(), NONE, "--make", "mdevctl");
  assertEquals(JSON.parse(definition.out), { mdev_type: "mtty-2", start: "manual", attrs: [] });
  const alone = await ask(mttyIdentity(), NONE, "--make", "commands");
  assertStringIncludes(alone.out, "mdevctl start");
});

Deno.test("ask --make prints nothing but reasons if there is no plan", async () => {
  const { code, out, err } = await ask(mttyMachine(), { ...NONE, types: [] }, "--make", "commands");
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(err, "NoConfiguration");
});

Deno.test("ask --make refuses what it cannot do, with a remedy", async () => {
  const cases: [document: unknown, options: string[], error: RegExp, code: number][] = [
    [
      mttyIdentity(),
      ["--make", "xml"],
      /--make xml: the domain XML .* is not known\. .*identity --vm/,
      2,
    ],
    [mttyMachine(), ["--make", "xml", "--plan", "7"], /--plan 7: there are only 1 plans/, 2],
    [mttyMachine(), ["--make", "xml", "--plan", "0"], /--plan 0: not a number from 1 to 10/, 2],
    [mttyMachine(), ["--plan", "2"], /--plan without --make/, 2],
    [mttyMachine(), ["--to", "x"], /--to without --make/, 2],
    [mttyMachine(), ["--make", "xslt"], /--make xslt/, 2],
    [{ ...mttyMachine(), sources: [] }, [], /\/sources/, 2],
    [{ ...mttyMachine(), name: "a\u0007" }, [], /\/name/, 2],
    [{ ...mttyMachine(), schema: "vfio-ask/vm/v2" }, [], /vfio-ask\/vm\/v2/, 2],
    [mttyMachine({ libvirt: { version: null, xml: "<domain" } }), ["--make", "xml"], /not XML/, 2],
  ];
  for (const [document, options, error, code] of cases) {
    const ran = await ask(document, NONE, ...options);
    assertEquals([ran.code, ran.out], [code, ""], ran.err);
    assert(error.test(ran.err), ran.err);
  }
});

Deno.test("ask refuses a virtual machine together with other sources", async () => {
  const directory = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  try {
    const [a, b] = [`${directory}/a.json`, `${directory}/b.json`];
    await Deno.writeTextFile(a, JSON.stringify(mttyMachine()));
    await Deno.writeTextFile(b, JSON.stringify(mttyIdentity({ id: "b" })));
    const { code, err } = await runCli(["ask", "--simulate", "mixed", a, b]);
    assertEquals(code, 2);
    assertStringIncludes(err, "web-1: a virtual machine together with other sources");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
