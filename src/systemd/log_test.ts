import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatLine, openLog } from "./log.ts";

/** Logs one message of each level, and returns what was written. */
function logged(env: Record<string, string>): string[] {
  const lines: string[] = [];
  const log = openLog((name) => env[name], (text) => void lines.push(text));
  log.info("Ready");
  log.warning("Not probed", { device: "mtty", code: "stuck", errno: null });
  log.error("Failed", { request: "r-1" });
  return lines;
}

Deno.test("openLog() writes plain lines if the journal does not read standard error", () => {
  const plain = [
    "vfio-ask: Ready\n",
    "vfio-ask: Not probed device=mtty code=stuck\n",
    "vfio-ask: Failed request=r-1\n",
  ];
  assertEquals(logged({}), plain);
  assertEquals(logged({ JOURNAL_STREAM: "1:1" }), plain, "the stream of another process");
});

Deno.test("openLog() writes priorities if the journal reads standard error", () => {
  const { dev, ino } = Deno.statSync("/proc/self/fd/2");
  assertEquals(logged({ JOURNAL_STREAM: `${dev}:${ino}` }), [
    "<6>Ready\n",
    "<4>Not probed device=mtty code=stuck\n",
    "<3>Failed request=r-1\n",
  ]);
});

Deno.test("openLog() continues if nobody reads the log", () => {
  const log = openLog(() => undefined, () => {
    throw new Deno.errors.BrokenPipe();
  });
  log.error("Failed");
});

Deno.test("formatLine() keeps every message on one line, escaped and shortened", () => {
  assertEquals(formatLine("a\nb\u001b[2J", {}), "a | b\\u001b[2J");
  assertEquals(formatLine("a", { path: "\u009b2J\u202e" }), "a path=\\u009b2J\\u202e");
  assertEquals(formatLine("a", { path: "b \u0085\u001b" }), 'a path="b \\u0085\\u001b"');
  assertEquals(formatLine("m", { value: 'a "b"=c', path: "/x" }), 'm value="a \\"b\\"=c" path=/x');
  const long = formatLine("m".repeat(10_000), { value: "v".repeat(10_000) });
  assertEquals(long.length < 3000, true);
  assertStringIncludes(long, "… value=v");
});

Deno.test("formatLine() lets no value forge a field or a priority", () => {
  assertEquals(formatLine("m", { device: "x code=fine" }), 'm device="x code=fine"');
  assertEquals(formatLine("m", { device: "x\n<3>Failed" }), 'm device="x | <3>Failed"');
  assertEquals(formatLine("m", { device: "" }), 'm device=""');
});
