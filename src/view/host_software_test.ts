import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseQemuVersion } from "../documents/mod.ts";
import { makeSoftwareReader, parseLibvirtVersion } from "./host_software.ts";

const QEMU_TEXTS: readonly (readonly [text: string, version: string | null])[] = [
  ["QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.4)\nCopyright (c) 2003-2023", "8.2.2"],
  ["QEMU emulator version 9.0.0 (qemu-kvm-9.0.0-10.el9_5)\n", "9.0.0"],
  ["QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)", "10.0.2"],
  ["QEMU emulator version 8.1.50 (v8.1.0-1234-gabcdef)", "8.1.50"],
  ["qemu-system-x86_64: error while loading shared libraries", null],
  ["", null],
];
for (const [text, version] of QEMU_TEXTS) {
  Deno.test(`parseQemuVersion() takes ${version} from ${text.slice(0, 40)}`, () => {
    assertEquals(parseQemuVersion(text), version);
  });
}

Deno.test("parseLibvirtVersion() parses the output of each daemon", () => {
  assertEquals(parseLibvirtVersion("libvirtd (libvirt) 10.0.0\n"), "10.0.0");
  assertEquals(parseLibvirtVersion("/usr/sbin/libvirtd (libvirt) 6.0.0\n"), "6.0.0");
  assertEquals(parseLibvirtVersion("virtqemud (libvirt) 11.3.0\n"), "11.3.0");
  assertEquals(parseLibvirtVersion("error: cannot open"), null);
});

/** A program that prints a text, and a log of its runs. */
function plantProgram(directory: string, name: string, script: string) {
  const path = join(directory, name);
  const log = `${path}.log`;
  Deno.writeTextFileSync(path, `#!/bin/sh\necho run >> ${log}\n${script}\n`, { mode: 0o755 });
  return { path, runs: () => Deno.readTextFileSync(log).split("\n").length - 1 };
}

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    await run(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("makeSoftwareReader() takes the first program that prints a version", () =>
  inDirectory(async (directory) => {
    const mute = plantProgram(directory, "mute", "exit 1");
    const qemu = plantProgram(directory, "qemu", "echo QEMU emulator version 8.2.2");
    const paths = { qemu: [join(directory, "absent"), mute.path, qemu.path], libvirt: [] };
    assertEquals(await makeSoftwareReader(null, { paths })(), { qemu: "8.2.2", libvirt: null });
  }));

Deno.test("makeSoftwareReader() runs a program again only when its file has changed", () =>
  inDirectory(async (directory) => {
    const { path, runs } = plantProgram(directory, "d", 'echo "libvirtd (libvirt) 10.0.0"');
    const mute = plantProgram(directory, "mute", "exit 1");
    const state = join(directory, "state");
    const paths = { qemu: [mute.path], libvirt: [path] };
    const read = makeSoftwareReader(state, { paths });
    for (let i = 0; i < 3; i++) assertEquals(await read(), { qemu: null, libvirt: "10.0.0" });
    assertEquals([runs(), mute.runs()], [1, 1]);
    // Another process uses the saved versions, and runs the programs again that printed none.
    assertEquals((await makeSoftwareReader(state, { paths })()).libvirt, "10.0.0");
    assertEquals([runs(), mute.runs()], [1, 2]);
    Deno.utimeSync(path, 1, 1);
    await read();
    assertEquals(runs(), 2);
    await makeSoftwareReader(null, { paths })();
    assertEquals(runs(), 3);
  }));

Deno.test("makeSoftwareReader() gives up on a program that hangs", () =>
  inDirectory(async (directory) => {
    const { path } = plantProgram(directory, "hangs", "exec sleep 60");
    const paths = { qemu: [path], libvirt: [] };
    assertEquals((await makeSoftwareReader(null, { paths, timeoutMs: 100 })()).qemu, null);
  }));
