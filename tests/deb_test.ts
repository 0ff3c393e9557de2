/** Tests the generated parts of the Debian package. tests/release/deb.ts tests the package itself. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { formatChangelog, formatCopyright } from "../scripts/deb/documents.ts";
import { maintainerScripts, readUnits } from "../scripts/deb/maintainer_scripts.ts";

Deno.test("readUnits() starts sockets first, and does not start templates and units without [Install]", async () => {
  const directory = await Deno.makeTempDir();
  const install = "[Install]\nWantedBy=multi-user.target\n";
  const files = {
    "a.service": install,
    "z.socket": "[Install]\nWantedBy=sockets.target\n",
    "worker@.service": "[Service]\n",
    "helper.service": "[Service]\n# [Install] is missing\n",
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${directory}/${name}`, text);
  }
  assertEquals(await readUnits(directory), {
    started: ["z.socket", "a.service"],
    templates: ["worker@.service"],
  });
  await Deno.remove(directory, { recursive: true });
});

Deno.test("maintainerScripts() are valid for sh, with and without templates", async () => {
  for (const templates of [[], ["w@.service"]]) {
    const scripts = maintainerScripts({ started: ["a.socket", "a.service"], templates });
    for (const [name, text] of Object.entries(scripts)) {
      const path = await Deno.makeTempFile();
      await Deno.writeTextFile(path, text);
      const { success } = await new Deno.Command("sh", { args: ["-n", path] }).output();
      assert(success, name);
      await Deno.remove(path);
    }
    assertEquals(scripts.prerm.includes("'w@*.service'"), templates.length > 0);
    assertStringIncludes(scripts.postinst, "'a.socket' 'a.service'");
  }
});

Deno.test("formatChangelog() has the changes of one version only, in lines that fit", () => {
  const changes = "# Changelog\n\n## 0.2.0\n\n- Added `a`\n  and b.\n- " + "word ".repeat(40) +
    "\n\n## 0.1.0\n\n- Old.\n";
  const text = formatChangelog({ version: "0.2.0", changes, seconds: 1_000_000_000 });
  assert(text.startsWith("vfio-ask (0.2.0) unstable; urgency=medium\n\n  * Added `a` and b.\n"));
  assertStringIncludes(text, ">  Sun, 09 Sep 2001 01:46:40 +0000\n");
  assert(!text.includes("Old."));
  assert(text.split("\n -- ")[0]!.split("\n").every((line) => line.length <= 78));
  assertThrows(
    () => formatChangelog({ version: "9.9.9", changes, seconds: 0 }),
    Error,
    "Cannot find 9.9.9 in CHANGELOG.md",
  );
});

Deno.test("formatCopyright() has one paragraph for the files, and no empty line in a field", () => {
  const own = "MIT License\n\nCopyright (c) 2026 A\n\nPermission is granted.\n\nAS IS.\n";
  const text = formatCopyright({ own, licenses: "Zod\n\nMIT\n" });
  const [header, files, ...rest] = text.trimEnd().split("\n\n");
  assert(header!.startsWith("Format: ") && header!.endsWith("Comment:\n Zod\n .\n MIT"));
  assertEquals(
    files,
    "Files: *\nCopyright: 2026 A\nLicense: Expat\n Permission is granted.\n .\n AS IS.",
  );
  assertEquals(rest, []);
});
