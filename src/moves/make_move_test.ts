import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { answerTogether } from "../answers/mod.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { domainXml, mttyMachine } from "../../tests/fixtures/virtual_machine.ts";
import { Failure, type Identity, Move, type Snapshot } from "../documents/mod.ts";
import type { VirtualMachine } from "../documents/mod.ts";
import { describeMove } from "./describe_move.ts";
import { makeMove } from "./make_move.ts";

const SOURCE = mttyIdentity().id;
const IDLE = mttyDevice().id;
const NONE = mttySnapshot({ devices: [] });

/** The move of the best plan. */
async function move(
  snapshot: Snapshot,
  machine: VirtualMachine | null = mttyMachine(),
  sources: readonly Identity[] = machine!.sources,
  options?: { to?: string },
): Promise<Move> {
  const { together } = await answerTogether(snapshot, sources, { machine });
  const made = await makeMove({ plan: together.plans[0]!, sources, machine }, snapshot, options);
  return Move.parse(made) as Move;
}

Deno.test("makeMove() names an existing device in the XML and needs no command for it", async () => {
  const { devices, xml, xmlChanged, commands, definitions } = await move(mttySnapshot());
  assertEquals(devices, [{ source: SOURCE, device: IDLE, isNew: false }]);
  assert(xml!.includes(`<address uuid='${IDLE}'/>`) && !xml!.includes(SOURCE));
  assertEquals([xmlChanged, definitions], [true, []]);
  assertEquals(commands, {
    destination: [],
    source: [
      "virsh migrate --live --verbose --xml web-1.hv-18.xml web-1 qemu+ssh://hv-18/system",
    ],
  });
});

Deno.test("makeMove() gives a new mdev the source's UUID, so that the XML stays as it is", async () => {
  const { devices, xml, xmlChanged, commands, definitions } = await move(NONE);
  assertEquals(devices, [{ source: SOURCE, device: SOURCE, isNew: true }]);
  assertEquals([xml, xmlChanged], [domainXml(SOURCE), false]);
  assertEquals(commands.destination, [
    `mdevctl start --uuid ${SOURCE} --parent mtty --type mtty-2`,
  ]);
  assertEquals(commands.source, [
    "virsh migrate --live --verbose web-1 qemu+ssh://hv-18/system",
  ]);
  assertEquals(definitions, [{
    uuid: SOURCE,
    parent: "mtty",
    mdevctl: { mdev_type: "mtty-2", start: "manual", attrs: [] },
    nodedev: null,
  }]);
});

Deno.test("makeMove() derives the same other UUID each time if the source's is taken", async () => {
  // The device with the source's name is in use.
  const use = { state: "in-use", holder: null } as const;
  const snapshot = mttySnapshot({ devices: [mttyDevice({ id: SOURCE, use })] });
  const first = await move(snapshot);
  const [{ device, isNew }] = first.devices as [Move["devices"][number]];
  assert(
    isNew && /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(device),
  );
  assertEquals(await move(snapshot), first);
  assertStringIncludes(first.xml!, `<address uuid='${device}'/>`);
  assertStringIncludes(first.definitions[0]!.nodedev!, "<parent>mtty_mtty</parent>");
  assertStringIncludes(first.definitions[0]!.nodedev!, `<uuid>${device}</uuid>`);
});

Deno.test("makeMove() names no device twice", async () => {
  const sources = ["a", "b", "c"].map((end) =>
    mttyIdentity({ id: `${SOURCE.slice(0, -1)}${end}` })
  );
  const { devices, xml } = await move(mttySnapshot(), mttyMachine({ sources }));
  assertEquals(new Set(devices.map(({ device }) => device)).size, 3);
  for (const { device } of devices) assertStringIncludes(xml!, `<address uuid='${device}'/>`);
});

Deno.test("makeMove() of an identity alone has commands for the destination only", async () => {
  const { xml, machine, commands, look } = await move(NONE, null, [mttyIdentity()]);
  assertEquals([xml, machine, commands.source, commands.destination.length], [null, null, [], 1]);
  assertEquals(look, []);
});

Deno.test("makeMove() quotes names for the shell", async () => {
  const machine = mttyMachine({ name: "it's; reboot" });
  const { commands } = await move(mttySnapshot(), machine, undefined, { to: "qemu:///system?a&b" });
  assertEquals(commands.source, [
    "virsh migrate --live --verbose --xml it_s__reboot.hv-18.xml 'it'\\''s; reboot' 'qemu:///system?a&b'",
  ]);
});

Deno.test("makeMove() assigns the queues of vfio_ap after the mdev is made", async () => {
  const facts = { guestMatrix: ["05.0004"], controlDomains: ["0004"] };
  const parts = { type: "vfio_ap-passthrough", deviceApi: "vfio-ap", pciConfig: null };
  const source = mttyIdentity({ ...parts, kind: "mdev", facts });
  const type = mttyType({ ...parts, parent: "matrix", facts: { matrix: ["05.0004"] } });
  const plan = {
    rank: 1,
    id: "1",
    verdict: "unknown",
    now: true,
    placements: [{
      source: SOURCE,
      configuration: { kind: "mdev-type", type: type.type, parent: "matrix" },
      offer: 1,
      verdict: "unknown",
      evidence: null,
    }],
    needs: [],
    reasons: [],
    warnings: [],
  } as const;
  const snapshot = mttySnapshot({ devices: [], types: [type] });
  const { commands, definitions } = await makeMove(
    { plan: structuredClone(plan) as never, sources: [source], machine: null },
    snapshot,
  );
  assertEquals(commands.destination, [
    `mdevctl start --uuid ${SOURCE} --parent matrix --type vfio_ap-passthrough`,
    `echo 0x05 > /sys/bus/mdev/devices/${SOURCE}/assign_adapter`,
    `echo 0x0004 > /sys/bus/mdev/devices/${SOURCE}/assign_domain`,
    `echo 0x0004 > /sys/bus/mdev/devices/${SOURCE}/assign_control_domain`,
  ]);
  assertEquals(definitions[0]!.mdevctl.attrs.length, 3);
  assertStringIncludes(definitions[0]!.nodedev!, "<parent>ap_matrix</parent>");
  assertStringIncludes(definitions[0]!.nodedev!, "<attr name='assign_adapter' value='0x05'/>");
});

Deno.test("makeMove() throws if the host no longer has what the plan names", async () => {
  const machine = mttyMachine();
  const { sources } = machine;
  const { together } = await answerTogether(mttySnapshot(), sources, { machine });
  const failure = await assertRejects(
    () => makeMove({ plan: together.plans[0]!, sources, machine }, NONE),
    Failure,
  );
  assertEquals([failure.code, failure.subject], ["not-found", IDLE]);
});

Deno.test("makeMove() throws if the XML does not have the device", async () => {
  const machine = mttyMachine({ libvirt: { version: null, xml: domainXml() } });
  const failure = await assertRejects(() => move(mttySnapshot(), machine), Failure, SOURCE);
  assertEquals(failure.code, "unsupported");
});

Deno.test("describeMove() prints the commands of each host under its name", async () => {
  assertEquals(
    describeMove({ ...await move(NONE), plan: "p" }),
    `# Moves web-1 from hv-17 to hv-18, plan p: compatible.
# Look at: The domain is transient on the destination: for a persistent one, add --persistent, --persistent-xml with the same file, and --undefinesource.

# On hv-18, as root:
mdevctl start --uuid ${SOURCE} --parent mtty --type mtty-2

# On hv-17, as root:
# The domain XML needs no change.
virsh migrate --live --verbose web-1 qemu+ssh://hv-18/system
`,
  );
});
