import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { Failure, type VirtualMachine, VM_SCHEMA } from "../documents/mod.ts";
import { readTag, TAG_NAMESPACE } from "../hook/mod.ts";
import type { Context } from "./command.ts";
import { runTag } from "./vm_tag.ts";

const SOURCE = mttyIdentity({ description: "<a> & 'b' \u{1F600}\u0085" });
const MACHINE: VirtualMachine = {
  schema: VM_SCHEMA,
  name: "g1",
  uuid: null,
  host: SOURCE.host,
  state: "running",
  pid: 7,
  vmm: null,
  libvirt: { version: "11.3.0", xml: "<domain/>" },
  sources: [SOURCE],
  problems: [],
};

/** A virsh that says what dominfo says, and keeps its arguments, one on a line. */
async function openVirsh(info: string) {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  const virsh = `${folder}/virsh`;
  await Deno.writeTextFile(`${folder}/info`, info);
  const script = `#!/bin/sh
if [ "$3" = dominfo ]; then
  [ -s ${folder}/info ] || { echo "error: failed to get domain 'g1'" >&2; exit 1; }
  cat ${folder}/info
else printf '%s\\n' "$@" > ${folder}/args; fi
`;
  await Deno.writeTextFile(virsh, script, { mode: 0o755 });
  let out = "";
  const terminal = { out: (text: string) => void (out += text), err: () => {}, watched: false };
  return {
    async tag(options: Record<string, string | boolean> = {}, machine = MACHINE) {
      const context = { terminal, args: [], options: { virsh, ...options } } as unknown as Context;
      const code = await runTag(context, "g1", () => Promise.resolve(machine));
      return { code, out, args: (await Deno.readTextFile(`${folder}/args`)).trimEnd().split("\n") };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const CASES = [
  ["running", "yes", ["--live", "--config"]],
  ["running", "no", ["--live"]],
  ["shut off", "yes", ["--config"]],
] as const;

for (const [state, persistent, places] of CASES) {
  Deno.test(`vm tag writes ${places.join(" ")} for ${state}, persistent ${persistent}`, async () => {
    await using virsh = await openVirsh(
      `State:          ${state}\nPersistent:     ${persistent}\n`,
    );
    const { code, args, out } = await virsh.tag();
    const set = args.pop()!;
    assertEquals(code, 0);
    assertEquals(args, [
      "--connect",
      "qemu:///system",
      "metadata",
      "--domain=g1",
      `--uri=${TAG_NAMESPACE}`,
      ...places,
      "--key=vfioask",
    ]);
    assertStringIncludes(out, places.join(" "));
    // As libvirt keeps it, it is read again without the XML and the initial data.
    const element = set.slice("--set=".length)
      .replace("<machine>", `<v:machine xmlns:v='${TAG_NAMESPACE}'>`)
      .replace("</machine>", "</v:machine>");
    assertEquals(readTag(`<domain><metadata>${element}</metadata></domain>`), {
      ...MACHINE,
      libvirt: { version: "11.3.0", xml: null },
      sources: [{ ...SOURCE, initialData: null }],
    });
  });
}

Deno.test("vm tag --remove removes it", async () => {
  await using virsh = await openVirsh("State:          running\nPersistent:     yes\n");
  const { args, out } = await virsh.tag({ remove: true, uri: "test:///default" });
  assertEquals(args.slice(0, 2), ["--connect", "test:///default"]);
  assertEquals(args.slice(-3), ["--live", "--config", "--remove"]);
  assertStringIncludes(out, "removed");
});

Deno.test("vm tag names the machine that libvirt does not know", async () => {
  await using virsh = await openVirsh("");
  const error = await assertRejects(() => virsh.tag(), Failure, "failed to get domain 'g1'");
  assertEquals([error.code, error.subject], ["not-found", "g1"]);
});

Deno.test("vm tag refuses a description that is too large for libvirt", async () => {
  await using virsh = await openVirsh("State:          running\nPersistent:     yes\n");
  const facts = { firmware: "x".repeat(100 << 10) };
  const machine = { ...MACHINE, sources: [{ ...SOURCE, facts }] };
  await assertRejects(() => virsh.tag({}, machine), Failure, "more than 102400");
});
