import { assertEquals, assertStringIncludes } from "@std/assert";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { formatMetrics } from "./metrics.ts";

const file = { name: "a.json", vendor: null, rules: 0, errors: [] };

Deno.test("formatMetrics() names each invalid rule file, with escaped labels", () => {
  const path = 'C:\\rules\n"a".json';
  const text = formatMetrics({
    version: "1.2.3",
    snapshot: mttySnapshot(),
    rules: { files: [{ ...file, path, state: "refused" }], inForce: [] },
    sessions: 2,
  });
  assertStringIncludes(text, 'vfio_ask_rules_file_refused{path="C:\\\\rules\\n\\"a\\".json"} 1\n');
  assertStringIncludes(text, 'vfio_ask_rules_files{state="refused"} 1\n');
  assertStringIncludes(text, "vfio_ask_sessions 2\n");
});

Deno.test("formatMetrics() writes help and type before samples, as the text format requires", () => {
  const text = formatMetrics({ version: "1", snapshot: mttySnapshot(), rules: null, sessions: 0 });
  const line =
    /^(# (HELP|TYPE) vfio_ask_[a-z_]+ .+|vfio_ask_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.]+)$/;
  assertEquals(text.trimEnd().split("\n").filter((entry) => !line.test(entry)), []);
  assertEquals(text.endsWith("\n"), true);
});
