import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { SysError } from "./errno.ts";
import { readBytes, readLinkText, readNames, readStatus, readText } from "./files.ts";

function inDirectory(work: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    work(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("a missing path is null, and so is a path below a file", () => {
  inDirectory((directory) => {
    Deno.writeTextFileSync(join(directory, "file"), "x");
    for (const name of ["none", "none/at/all", "file/below"]) {
      const path = join(directory, name);
      assertEquals(readText(path), null);
      assertEquals(readNames(path), null);
      assertEquals(readLinkText(path), null);
      assertEquals(readStatus(path, { follow: false }), null);
      assertEquals(readStatus(path, { follow: true }), null);
    }
    assertEquals(readLinkText(join(directory, "file")), null);
  });
});

Deno.test("readText() and readBytes() return up to 64 KiB unchanged", () => {
  inDirectory((directory) => {
    const path = join(directory, "file");
    for (const text of ["", "a\n", "\ufeffwith a mark, and süß\n", "x".repeat(65536)]) {
      Deno.writeTextFileSync(path, text);
      assertEquals(readText(path), text);
    }
    const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251);
    Deno.writeFileSync(path, bytes);
    assertEquals(readBytes(path), bytes.subarray(0, 65536));
  });
  assertEquals(readText("/proc/self/comm"), Deno.readTextFileSync("/proc/self/comm"));
});

Deno.test("readNames() returns every name in a large directory", () => {
  inDirectory((directory) => {
    assertEquals(readNames(directory), []);
    const names = Array.from({ length: 1_000 }, (_, at) => `${at}-${"ü".repeat(100)}`);
    for (const name of names) Deno.writeTextFileSync(join(directory, name), "");
    assertEquals(readNames(directory)?.sort(), names.sort());
  });
});

Deno.test("readStatus() agrees with Deno on a link and on its target", () => {
  inDirectory((directory) => {
    const [file, link] = [join(directory, "file"), join(directory, "link")];
    Deno.writeTextFileSync(file, "text");
    Deno.utimeSync(file, 1_700_000_000, 1_700_000_000.25);
    Deno.symlinkSync("file", link);
    assertEquals(readLinkText(link), "file");
    for (const follow of [true, false]) {
      const { ctimeMs, ...read } = readStatus(link, { follow })!;
      const { ino, isFile, size, mtime, ctime } = follow
        ? Deno.statSync(link)
        : Deno.lstatSync(link);
      assertEquals(read, { ino: String(ino), isFile, size, mtimeMs: mtime!.getTime() });
      // Deno returns this time in whole seconds.
      assertEquals(Math.floor(ctimeMs / 1000), Math.floor(ctime!.getTime() / 1000));
    }
    assertEquals(readStatus(directory, { follow: true })?.isFile, false);
  });
});

Deno.test("other kernel errors are thrown", () => {
  inDirectory((directory) => {
    const loop = join(directory, "loop");
    Deno.symlinkSync("loop", loop);
    Deno.writeTextFileSync(join(directory, "file"), "");
    const calls: readonly (readonly [() => unknown, string])[] = [
      [() => readText(directory), "EISDIR"],
      [() => readText(loop), "ELOOP"],
      [() => readNames(loop), "ELOOP"],
      [() => readNames(join(directory, "file")), "ENOTDIR"],
      [() => readStatus(loop, { follow: true }), "ELOOP"],
      [() => readLinkText(join(loop, "below")), "ELOOP"],
      [() => readText(join(directory, "file\0more")), "EINVAL"],
      [() => readText("/" + "ü".repeat(2_100)), "ENAMETOOLONG"],
      [() => readText("/" + "a/".repeat(4_000)), "ENAMETOOLONG"],
    ];
    for (const [call, code] of calls) assertEquals(assertThrows(call, SysError).code, code);
  });
});

Deno.test("no descriptor stays open", () => {
  const count = () => Array.from(Deno.readDirSync("/proc/self/fd")).length;
  const before = count();
  for (const path of ["/proc/self/comm", "/proc/self", "/nowhere"]) {
    for (const read of [readText, readNames]) {
      try {
        read(path);
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
      }
    }
  }
  assertEquals(count(), before);
});
