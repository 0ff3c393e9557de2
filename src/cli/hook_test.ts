import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { appWorld } from "../../tests/fixtures/test_app.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { run as runProgramOf } from "../../tests/end_to_end/program.ts";
import type { Identity, Snapshot } from "../documents/mod.ts";
import { makeApp } from "../http/mod.ts";
import { formatTag, TAG_NAMESPACE } from "../hook/mod.ts";
import { VM_SCHEMA } from "../documents/mod.ts";

const SOURCE = mttyIdentity();
/** The idle device of the test's host. */
const TARGET = mttyDevice().id;
const NAME = "g1";

/** The element as libvirt writes it. */
function tagOf(sources: readonly Identity[]): string {
  const host = SOURCE.host;
  const machine = { schema: VM_SCHEMA, name: NAME, uuid: null, host, state: "running", pid: 7 };
  const tag = formatTag(
    {
      ...machine,
      vmm: null,
      libvirt: null,
      sources: [...sources],
      problems: [],
    } as Parameters<typeof formatTag>[0],
  );
  const { length } = "<machine>";
  return `<vfioask:machine xmlns:vfioask="${TAG_NAMESPACE}">${
    tag.slice(length, -length - 1)
  }</vfioask:machine>`;
}

const hostdev = (uuid: string) =>
  `<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'><source>
  <address uuid='${uuid}'/>
</source></hostdev>`;

const domain = ({ metadata = tagOf([SOURCE]), devices = hostdev(SOURCE.id) } = {}) =>
  `<domain type='qemu'><name>${NAME}</name><metadata>${metadata}</metadata>` +
  `<devices>${devices}</devices></domain>`;

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** A destination host with a service and a place for records. */
interface Place extends AsyncDisposable {
  folder: string;
  hook(xml: string, options?: readonly string[], args?: readonly string[]): Promise<Ran>;
  records(): string[];
  sys: ReturnType<typeof plantEmptyHost>["sys"];
}

type Handler = (request: Request) => Response | Promise<Response>;

function openPlace(service: Snapshot | Handler, listen?: string): Place {
  const planted = plantEmptyHost();
  const app = typeof service === "function"
    ? { fetch: service }
    : makeApp(appWorld({ newest: () => Promise.resolve(service) }));
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => app.fetch(request, { unix: false }),
  );
  const { directory, roots, sys } = planted;
  return {
    folder: directory,
    sys,
    async hook(xml, options = [], args = [NAME, "migrate", "begin", "-"]) {
      const own = [
        "--config=none",
        "--hook-log=none",
        `--virsh=${directory}/virsh`,
        `--hook-run=${directory}/run`,
        `--listen=${listen ?? `127.0.0.1:${server.addr.port}`}`,
        ...Object.entries(roots).map(([name, path]) =>
          `--${name === "sys" ? "sysfs" : name}=${path}`
        ),
      ];
      const given = ["hook", ...own, ...options, "--", ...args];
      const place = { folder: directory, env: {}, leftovers: () => [] } as never;
      return await runProgramOf(place, given, { stdin: xml });
    },
    records() {
      try {
        return Array.from(Deno.readDirSync(`${directory}/run`), ({ name }) => name)
          .filter((name) => name.endsWith(".json"));
      } catch {
        return [];
      }
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      planted[Symbol.dispose]();
    },
  };
}

const REFUSE = ["--hook-policy=refuse"];
const PLACE = ["--hook-policy=place"];

const nothingOnStdout = ({ code, out }: Ran) => assertEquals([code, out], [0, ""]);

Deno.test("hook logs the verdict about the device that the XML names, and passes", async () => {
  await using place = openPlace(mttySnapshot());
  const ran = await place.hook(domain({ devices: hostdev(TARGET) }));
  nothingOnStdout(ran);
  assertStringIncludes(ran.err, `g1: passed: device ${TARGET}: compatible (vendor-rule)`);
  assertEquals(place.records(), ["g1.json"]);
  const record = JSON.parse(Deno.readTextFileSync(`${place.folder}/run/g1.json`));
  assertEquals([record.name, record.made, record.devices[0].device], ["g1", [], TARGET]);
  assertEquals(record.devices[0].predicted, { verdict: "compatible", evidence: "vendor-rule" });
});

const WRONG_TYPE = mttySnapshot({ devices: [mttyDevice({ type: "mtty-1" })], types: [] });

Deno.test("hook --hook-policy refuse stops a migration to a device that cannot take it, with the reasons", async () => {
  await using place = openPlace(WRONG_TYPE);
  const xml = domain({ devices: hostdev(TARGET) });
  const { code, out, err } = await place.hook(xml, REFUSE);
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(
    err,
    `vfio-ask: g1 cannot migrate to this host: device ${TARGET}: TypeDiffers`,
  );
  assertEquals(place.records(), []);
  // The default only writes it down.
  const logged = await place.hook(xml);
  nothingOnStdout(logged);
  assertStringIncludes(logged.err, `passed: device ${TARGET}: incompatible, TypeDiffers`);
});

Deno.test("hook refuses a device that is not here only if nothing here can take it", async () => {
  await using none = openPlace(WRONG_TYPE);
  const { code, err } = await none.hook(domain(), REFUSE);
  assertEquals(code, 1);
  assertStringIncludes(
    err,
    `device ${SOURCE.id} is not an idle VFIO device of this host, and nothing here`,
  );
  assertStringIncludes(err, `${TARGET}: TypeDiffers`);
  await using some = openPlace(mttySnapshot());
  const passed = await some.hook(domain(), REFUSE);
  nothingOnStdout(passed);
  assertStringIncludes(
    passed.err,
    `passed: device ${SOURCE.id}: not an idle VFIO device of this host`,
  );
});

Deno.test("hook lets an unknown verdict pass", async () => {
  await using place = openPlace(mttySnapshot({ rules: [] }));
  const ran = await place.hook(domain({ devices: hostdev(TARGET) }), REFUSE);
  nothingOnStdout(ran);
  assertStringIncludes(ran.err, `device ${TARGET}: unknown`);
});

Deno.test("hook --hook-policy place changes nothing if the XML's device is usable", async () => {
  await using place = openPlace(mttySnapshot());
  nothingOnStdout(await place.hook(domain({ devices: hostdev(TARGET) }), PLACE));
});

Deno.test("hook --hook-policy place puts an idle device into the XML, and changes nothing else", async () => {
  await using place = openPlace(mttySnapshot());
  const { code, out, err } = await place.hook(domain(), PLACE);
  assertEquals(code, 0);
  const uuid = `<address uuid='${SOURCE.id}'/>`;
  assertEquals(out, domain().replace(uuid, `<address uuid='${TARGET}'/>`));
  assertStringIncludes(
    err,
    `g1: placed: ${SOURCE.id} on device ${TARGET}: compatible (vendor-rule)`,
  );
  // Another machine does not get it, even while the host does not show it as used.
  const other = await place.hook(domain(), PLACE, ["g2", "migrate", "begin", "-"]);
  assertEquals([other.code, other.out], [1, ""]);
});

/** Does what the kernel does when an mdev is made and removed. */
async function playKernel(place: Place, uuid: string): Promise<void> {
  const type = `${place.folder}/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2`;
  const device = `${place.folder}/sys/bus/mdev/devices/${uuid}`;
  const holds = async (path: string, text: string) => {
    while (await Deno.readTextFile(path).catch(() => "") !== text) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await holds(`${type}/create`, uuid);
  await Deno.mkdir(device, { recursive: true });
  await Deno.writeTextFile(`${device}/remove`, "");
  await holds(`${device}/remove`, "1");
  await Deno.remove(device, { recursive: true });
}

const ONLY_TYPE = mttySnapshot({ devices: [], types: [mttyType()] });

Deno.test("hook --hook-policy place makes a device under the source's UUID, and removes it after a failure", async () => {
  await using place = openPlace(ONLY_TYPE);
  place.sys.attribute("class/mdev_bus/mtty/mdev_supported_types/mtty-2/create", "");
  place.sys.directory("bus/mdev/devices");
  const kernel = playKernel(place, SOURCE.id);
  const ran = await place.hook(domain(), PLACE);
  nothingOnStdout(ran);
  assertStringIncludes(ran.err, `placed: ${SOURCE.id} on new mtty-2 on mtty as ${SOURCE.id}`);
  assertEquals(place.records(), ["g1.json"]);
  // A second attempt finds it, and still removes it in the end.
  nothingOnStdout(await place.hook("", [], [NAME, "release", "end", "destroyed"]));
  assertEquals(place.records(), ["g1.json"]);
  const ended = await place.hook("", [], [NAME, "release", "end", "failed"]);
  nothingOnStdout(ended);
  assertStringIncludes(ended.err, `g1: removed ${SOURCE.id}`);
  assertEquals(place.records(), []);
  await kernel;
  nothingOnStdout(await place.hook("", [], [NAME, "release", "end", "failed"]));
});

Deno.test("hook refuses if it cannot make a device, and leaves nothing", async () => {
  await using place = openPlace(ONLY_TYPE);
  const { code, out, err } = await place.hook(domain(), PLACE);
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(err, "Cannot make mtty-2 on mtty: this host has no such type");
  assertEquals(place.records(), []);
});

Deno.test("hook places no unknown offer unless it may, and says so", async () => {
  await using place = openPlace(mttySnapshot({ rules: [] }));
  const { code, err } = await place.hook(domain(), PLACE);
  assertEquals(code, 1);
  assertStringIncludes(err, "hookPlaceUnknown permits to use one");
  const placed = await place.hook(domain(), [...PLACE, "--hook-place-unknown"]);
  assertEquals(placed.code, 0);
  assertStringIncludes(placed.out, TARGET);
});

Deno.test("hook's follower ends the record when the machine runs", async () => {
  await using place = openPlace(mttySnapshot());
  const virsh = `#!/bin/sh\necho "$@" >> ${place.folder}/calls\necho 'running (migrated)'\n`;
  await Deno.writeTextFile(`${place.folder}/virsh`, virsh, { mode: 0o755 });
  nothingOnStdout(await place.hook(domain({ devices: hostdev(TARGET) })));
  while (place.records().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const calls = await Deno.readTextFile(`${place.folder}/calls`);
  assertStringIncludes(calls, "--connect qemu:///system domstate --domain g1 --reason\n");
});

const UNJUDGED: readonly (readonly [what: string, xml: string, words: string])[] = [
  ["no XML", "not XML", "it is not XML"],
  ["nothing", "", "Cannot read the domain XML"],
  ["another document", "<network/>", "not <domain>"],
  ["too much", "<domain>" + "x".repeat(2 << 20), "the XML is too large"],
  ["no VFIO device", domain({ devices: "" }), "the machine has no VFIO device"],
  ["no metadata", domain({ metadata: "" }), "no identity in its <metadata>"],
  [
    "metadata of another namespace",
    domain({ metadata: tagOf([SOURCE]).replace(TAG_NAMESPACE, "urn:other") }),
    "no identity in its <metadata>",
  ],
  [
    "metadata without JSON",
    domain({ metadata: `<machine xmlns='${TAG_NAMESPACE}'>x</machine>` }),
    "The identity in <metadata> is not JSON",
  ],
  [
    "metadata of another schema",
    domain({ metadata: `<machine xmlns='${TAG_NAMESPACE}'>{}</machine>` }),
    "schema",
  ],
  [
    "more devices than identities",
    domain({ devices: hostdev(SOURCE.id) + hostdev(TARGET) }),
    "the XML has 2 VFIO devices, but the identity in it has 1",
  ],
];

Deno.test("hook lets pass what it cannot judge, prints nothing, and says why", async () => {
  await using place = openPlace(WRONG_TYPE);
  for (const [what, xml, words] of UNJUDGED) {
    const ran = await place.hook(xml, REFUSE);
    assertEquals([ran.code, ran.out], [0, ""], what);
    assertStringIncludes(ran.err, "g1: passed without a judgement: ");
    assertStringIncludes(ran.err, words);
  }
  assertEquals(place.records(), []);
});

Deno.test("hook lets pass without an answer of the service", async () => {
  const late = Promise.withResolvers<Response>();
  const handlers: readonly (readonly [Handler, string])[] = [
    [() => new Response("not JSON"), "did not answer"],
    [
      () => Response.json({ detail: "The Host header names x" }, { status: 403 }),
      "answered 403: The Host",
    ],
    [() => Response.json({ schema: "vfio-ask/answers/v1" }), "passed without a judgement"],
    [() => late.promise, "gave no answer in time"],
  ];
  for (const [handler, words] of handlers) {
    await using place = openPlace(handler);
    const ran = await place.hook(domain(), PLACE);
    if (handler === handlers.at(-1)![0]) late.resolve(new Response("late"));
    assertEquals([ran.code, ran.out], [0, ""], words);
    assertStringIncludes(ran.err, words);
  }
  await using place = openPlace(mttySnapshot(), "127.0.0.1:9");
  const ran = await place.hook(domain(), PLACE);
  nothingOnStdout(ran);
  assertStringIncludes(ran.err, "the service at http://127.0.0.1:9 did not answer");
});

Deno.test("hook asks over the Unix socket of the service if it has one", async () => {
  await using place = openPlace(() => Response.error());
  const path = `${place.folder}/socket`;
  const app = makeApp(appWorld());
  await using _server = Deno.serve(
    { path, onListen: () => {} },
    (request) => app.fetch(request, { unix: true }),
  );
  const ran = await place.hook(domain({ devices: hostdev(TARGET) }), [`--unix=${path}`]);
  nothingOnStdout(ran);
  assertStringIncludes(ran.err, `device ${TARGET}: compatible`);
});

Deno.test("hook lets pass with a wrong configuration, and reads its policy from a right one", async () => {
  await using place = openPlace(WRONG_TYPE);
  const config = `${place.folder}/config.json`;
  const xml = domain({ devices: hostdev(TARGET) });
  for (const [policy, expected] of [["refuse", 1], ["other", 0]] as const) {
    const document = { schema: "vfio-ask/config/v1", hookPolicy: policy, settle: 3 };
    Deno.writeTextFileSync(config, JSON.stringify(document));
    const { code, out } = await place.hook(xml, [`--config=${config}`]);
    assertEquals([code, out], [expected, ""], policy);
  }
});

Deno.test("hook needs the arguments of libvirt", async () => {
  await using place = openPlace(WRONG_TYPE);
  const { code, err } = await place.hook("", [], ["g1", "migrate"]);
  assertEquals(code, 2);
  assert(err.includes("four arguments"));
});
