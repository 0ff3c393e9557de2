import { assertEquals } from "@std/assert";
import {
  fromLatin1,
  readMigrationType,
  readVersionAttribute,
  toLatin1,
} from "./version_attribute.ts";

function inFolder(files: Record<string, Uint8Array | string>, run: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      Deno.writeFileSync(`${folder}/${name}`, bytes);
    }
    run(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("readVersionAttribute() returns every byte unchanged, for each name of the attribute", () => {
  const bytes = new Uint8Array(256).map((_, index) => index);
  const cases = [
    ["migration_version", "type"],
    ["version", "type"],
    ["migration_version", "device"],
    ["vfio_migration_version", "device"],
  ] as const;
  for (const [name, of] of cases) {
    inFolder({ [name]: bytes }, (folder) => {
      const read = readVersionAttribute(folder, of);
      assertEquals([read?.path, read?.errno], [`${folder}/${name}`, null]);
      assertEquals(fromLatin1(read!.version!), bytes);
    });
  }
});

Deno.test("readVersionAttribute() is null without an attribute, and has the errno if it cannot be read", () => {
  inFolder({ version: "of another thing" }, (folder) => {
    assertEquals(readVersionAttribute(folder, "device"), null);
    Deno.mkdirSync(`${folder}/migration_version`);
    const read = readVersionAttribute(folder, "device");
    assertEquals([read?.version, read?.errno], [null, "EISDIR"]);
  });
});

Deno.test("readVersionAttribute() reads at most 4096 bytes", () => {
  inFolder({ migration_version: "x".repeat(5000) }, (folder) => {
    assertEquals(readVersionAttribute(folder, "type")?.version?.length, 4096);
  });
});

Deno.test("fromLatin1() refuses characters that are not bytes", () => {
  assertEquals(fromLatin1("\u0100"), null);
  assertEquals(toLatin1(fromLatin1("a\u00ff\n")!), "a\u00ff\n");
});

Deno.test("readMigrationType() is null if there is none", () => {
  inFolder({ vfio_migration_type: "askv1-a1\n" }, (folder) => {
    assertEquals(readMigrationType(folder), "askv1-a1");
    assertEquals(readMigrationType(`${folder}/none`), null);
  });
});
