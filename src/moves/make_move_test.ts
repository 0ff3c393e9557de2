import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { domainXml } from "../../tests/fixtures/vm_document.ts";
import type { Configuration, Create } from "../documents/mod.ts";
import { Failure } from "../documents/mod.ts";
import { makeMove } from "./make_move.ts";
import type { MovedMachine, SettledPlacement, SettledPlan } from "./question.ts";
import { nodedevName } from "./define_mdev.ts";
import { writeScript } from "./script.ts";

const A = "11111111-2222-4333-8444-555555555555";
const B = "22222222-2222-4333-8444-555555555555";
const VM: MovedMachine = {
  name: "g1",
  uuid: null,
  host: "hv-17",
  state: "running",
  xml: domainXml(A),
};

function planOf(...placements: readonly Partial<SettledPlacement>[]): SettledPlan {
  return {
    id: "p1",
    rank: 1,
    verdict: "compatible",
    now: true,
    placements: placements.map((placement) => ({
      source: A,
      configuration: { kind: "mdev-type", type: "mtty-2", parent: "mtty" },
      offer: 1,
      verdict: "compatible",
      evidence: "vendor-rule",
      create: { sysfs: "/sys/x/create" },
      target: A,
      ...placement,
    })),
    needs: [],
    reasons: [],
    warnings: [],
  };
}

const move = (plan: SettledPlan, vm: MovedMachine | null = VM) =>
  makeMove({ plan, vm, host: "hv-22" });

Deno.test("makeMove() needs no XML if the mdev keeps its UUID", () => {
  const { commands, definitions, xml, file } = move(planOf({}));
  assertEquals(commands, {
    destination: [`mdevctl start --uuid ${A} --parent mtty --type mtty-2`],
    source: ["virsh migrate --live g1 qemu+ssh://hv-22/system"],
  });
  assertEquals([xml, file], [VM.xml, null]);
  assertEquals(definitions[0]!.mdevctl, { mdev_type: "mtty-2", start: "manual", attrs: [] });
  assertStringIncludes(
    definitions[0]!.nodedev!,
    `<name>mdev_${A.replaceAll("-", "_")}</name>\n  <parent>mtty_mtty</parent>`,
  );
  assertStringIncludes(definitions[0]!.nodedev!, `<uuid>${A}</uuid>`);
});

Deno.test("makeMove() names the file of the XML if a source changes, and makes nothing that exists", () => {
  const configuration: Configuration = { kind: "device", type: "mtty-2", id: B };
  const { commands, definitions, file, xml } = move(
    planOf({ configuration, target: B, create: null }),
  );
  assertEquals(commands, {
    destination: [],
    source: ["virsh migrate --live --xml g1-to-hv-22.xml g1 qemu+ssh://hv-22/system"],
  });
  assertEquals([definitions, file], [[], "g1-to-hv-22.xml"]);
  assertStringIncludes(xml!, `<address uuid='${B}'/>`);
});

Deno.test("makeMove() gives an mdev its attributes, and a virtual function its type", () => {
  const create: Create = {
    sysfs: "/sys/m/create",
    attributes: [{ name: "assign_adapter", value: "0x05" }, { name: "it's", value: "$(x)" }],
  };
  const configuration: Configuration = {
    kind: "mdev-type",
    type: "vfio_ap-passthrough",
    parent: "matrix",
  };
  const made = move(planOf({ configuration, create }), null);
  assertEquals(made.definitions[0]!.mdevctl.attrs[0], { assign_adapter: "0x05" });
  assertStringIncludes(made.definitions[0]!.nodedev!, "<parent>ap_matrix</parent>");
  assertEquals(made.commands.destination.slice(1), [
    `echo 0x05 > /sys/bus/mdev/devices/${A}/assign_adapter`,
    `echo '$(x)' > '/sys/bus/mdev/devices/${A}/it'\\''s'`,
  ]);
  const vgpu: Configuration = { kind: "vgpu-type", type: "nvidia-592", parent: "0000:41:00.4" };
  const set = move(
    planOf({
      source: "0000:c1:00.4",
      configuration: vgpu,
      create: { sysfs: "/sys/f/current" },
      target: "0000:41:00.4",
    }),
    null,
  );
  assertEquals(set.commands.destination, ["echo 592 > /sys/f/current"]);
  assert(set.look.some((line) => line.includes("MAC, VLAN, trust and spoofchk")));
});

Deno.test("makeMove() refuses what the tools cannot make", () => {
  const configuration: Configuration = {
    kind: "mdev-type",
    type: "t",
    parent: "p",
    instances: 2,
  };
  assertThrows(() => move(planOf({ configuration })), Failure, "a device of 2 instances of t on p");
});

Deno.test("makeMove() defines a machine that is off", () => {
  const { commands } = move(planOf({}), { ...VM, state: "off" });
  assertEquals(commands.source, [
    "virsh --connect qemu+ssh://hv-22/system define g1-to-hv-22.xml",
  ]);
});

Deno.test("makeMove() has no command for a machine that libvirt does not manage", () => {
  const { commands, look, xml } = move(planOf({}), { ...VM, xml: null });
  assertEquals([commands.source, xml], [[], null]);
  assert(look.some((line) => line.includes("The domain XML is not known")));
});

Deno.test("nodedevName() is libvirt's name of a parent, or null", () => {
  assertEquals(nodedevName("0000:41:00.0"), "pci_0000_41_00_0");
  assertEquals(nodedevName("0.0.0050"), "css_0_0_0050");
  assertEquals(nodedevName("mtty"), "mtty_mtty");
  assertEquals(nodedevName("other"), null);
});

/** Runs a script in an empty folder whose programs write their arguments to `ran`. */
async function runScript(script: string, part: string) {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  try {
    for (const program of ["virsh", "mdevctl"]) {
      const path = `${folder}/${program}`;
      await Deno.writeTextFile(path, `#!/bin/sh\nprintf '%s|' ${program} "$@" >> ran\n`);
      await Deno.chmod(path, 0o755);
    }
    await Deno.writeTextFile(`${folder}/script`, script);
    const { code } = await new Deno.Command("/bin/sh", {
      args: ["script", part],
      cwd: folder,
      env: { PATH: `${folder}:/usr/bin:/bin` },
      stdout: "null",
      stderr: "null",
    }).output();
    const read = (name: string) => Deno.readTextFile(`${folder}/${name}`).catch(() => null);
    return { code, ran: await read("ran"), xml: await read("it_s_g1-to-hv-22.xml") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeScript() gives a script that a shell runs in two parts, with the XML as it is", async () => {
  const vm = { ...VM, name: "it's $(g1)\u0085", xml: `${VM.xml!}<!--\nEND_OF_XML\n$HOME \\ -->\n` };
  const plan = { ...planOf({ target: B }), reasons: [] };
  const made = makeMove({ plan, vm, host: "hv-22" });
  const script = writeScript(made, { sourceHost: "hv-17" });
  const destination = await runScript(script, "destination");
  assertEquals(destination, {
    code: 0,
    ran: `mdevctl|start|--uuid|${B}|--parent|mtty|--type|mtty-2|`,
    xml: null,
  });
  const source = await runScript(script, "source");
  const file = made.file!;
  assertEquals(source.code, 0);
  assertEquals(source.ran, `virsh|migrate|--live|--xml|${file}|${vm.name}|${made.to}|`);
  assertEquals((await runScript(script, "")).code, 2);
});

Deno.test("writeScript() writes the same XML as the plan has", async () => {
  const made = makeMove({
    plan: planOf({ target: B }),
    vm: { ...VM, name: "it's g1", xml: `${VM.xml!}<!--\nEND_OF_XML\n$HOME \\ -->\n` },
    host: "hv-22",
  });
  const { xml } = await runScript(writeScript(made, { sourceHost: "hv-17" }), "source");
  assertEquals(xml, made.xml);
});
