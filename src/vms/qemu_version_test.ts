import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { makeQemuVersionReader } from "./qemu_version.ts";

Deno.test("makeQemuVersionReader() runs the program of the process, once for each file", async () => {
  using host = plantEmptyHost();
  const log = join(host.directory, "log");
  const program = join(host.directory, "qemu");
  Deno.writeTextFileSync(
    program,
    `#!/bin/sh\necho "$1" >> ${log}\necho "QEMU emulator version 10.0.2 (Debian)"\n`,
    { mode: 0o755 },
  );
  for (const pid of [10, 11]) host.proc.linkText(`${pid}/exe`, program);
  const read = makeQemuVersionReader(host.roots, { trusted: () => true });
  assertEquals(await Promise.all([read(10), read(11), read(12)]), ["10.0.2", "10.0.2", null]);
  assertEquals(Deno.readTextFileSync(log), "-version\n");
});

Deno.test("makeQemuVersionReader() runs no program that somebody else than root may have written", async () => {
  using host = plantEmptyHost();
  const log = join(host.directory, "log");
  const program = join(host.directory, "qemu");
  const script = `#!/bin/sh\necho run >> ${log}\necho "QEMU emulator version 10.0.2"\n`;
  Deno.writeTextFileSync(program, script, { mode: 0o755 });
  host.proc.linkText("10/exe", program);
  host.proc.linkText("10/root", "/");
  const read = makeQemuVersionReader(host.roots);
  Deno.chmodSync(program, 0o775);
  assertEquals(await read(10), null);
  Deno.chmodSync(program, 0o755);
  Deno.removeSync(join(host.roots.proc, "10/root"));
  host.proc.linkText("10/root", host.directory);
  assertEquals(await read(10), null);
  assertEquals(await Deno.stat(log).catch(() => null), null);
  // Of root, on the file system of the root directory: it is run.
  Deno.removeSync(join(host.roots.proc, "10/root"));
  host.proc.linkText("10/root", "/");
  const { dev, uid } = Deno.statSync(program);
  const isOwn = uid === 0 && dev === Deno.statSync("/").dev;
  assertEquals(await read(10), isOwn ? "10.0.2" : null);
});
