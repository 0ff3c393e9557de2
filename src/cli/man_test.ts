import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { SHOWN } from "./commands.ts";

/** What a program finds in a page, its last argument; null if there is no such program. */
async function findingsOf(
  program: string,
  args: readonly string[],
  page: string,
): Promise<string[] | null> {
  const path = await Deno.makeTempFile({ suffix: "." + /^\.TH \S+ (\d)/.exec(page)![1]! });
  try {
    await Deno.writeTextFile(path, page);
    const { stdout, stderr } = await new Deno.Command(program, {
      args: [...args, path],
      env: { LC_ALL: "C.UTF-8", MANROFFSEQ: "", MANWIDTH: "80" },
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder();
    // The formatted page is on standard output of man, the findings are on that of mandoc.
    const said = program === "man" ? text.decode(stderr) : text.decode(stdout);
    // A page has no date, so that two builds of a version are the same.
    return said.split("\n").filter((line) => line !== "" && !line.includes("missing date"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  } finally {
    await Deno.remove(path);
  }
}

const CHECKS: readonly [program: string, args: readonly string[]][] = [
  ["man", ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"]],
  ["mandoc", ["-Tlint", "-W", "warning"]],
];

for (const [program, args] of CHECKS) {
  const missing = await findingsOf(program, args, '.TH X 8 "" "" ""\n') === null;
  for (const page of ["vfio-ask", "vfio-ask-rules"]) {
    Deno.test({
      name: `man ${page} prints a page without findings of ${program}`,
      ignore: missing, // needs man or mandoc
      async fn() {
        const { code, out } = await runCli(["man", page]);
        assertEquals(code, 0);
        assertEquals(await findingsOf(program, args, out), []);
      },
    });
  }
}

Deno.test("man prints vfio-ask(8) with all commands and options", async () => {
  const { code, out } = await runCli(["man"]);
  assertEquals(code, 0);
  assertStringIncludes(out, '.TH VFIO\\-ASK 8 "" "vfio\\-ask 1.2.3"');
  for (const { name, options, summary } of await Promise.all(SHOWN.map(({ load }) => load()))) {
    assertStringIncludes(out, `.SS "${name}"\n`);
    assertStringIncludes(out, summary.replaceAll("-", "\\-"));
    for (const option of options) {
      assertStringIncludes(out, `.TP\n\\fB\\-\\-${option.name.replaceAll("-", "\\-")}\\fR`);
    }
  }
});

for (const args of [["bogus"], ["vfio-ask", "more"]]) {
  Deno.test(`man ${args.join(" ")} is refused with a remedy`, async () => {
    const { code, err } = await runCli(["man", ...args]);
    assertEquals(code, 2);
    assertStringIncludes(err, "Use vfio-ask or vfio-ask-rules.");
  });
}
