import { assertEquals, assertStringIncludes } from "@std/assert";
import { mttyOutcome } from "../../tests/fixtures/outcome.ts";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { makeMeasures } from "./measures.ts";
import { formatHostMetrics, formatMetrics } from "./metrics.ts";

const MEASURED = {
  version: "1",
  snapshot: mttySnapshot(),
  rules: null,
  outcomes: [],
  sessions: 0,
  measures: makeMeasures(),
};
const file = { name: "a.json", vendor: null, rules: 0, errors: [] };

Deno.test("formatMetrics() names each invalid rule file, with escaped labels", () => {
  const path = 'C:\\rules\n"a".json';
  const text = formatMetrics({
    version: "1.2.3",
    snapshot: mttySnapshot(),
    rules: { files: [{ ...file, path, state: "refused" }], inForce: [] },
    outcomes: [],
    sessions: 2,
    measures: makeMeasures(),
  });
  assertStringIncludes(text, 'vfio_ask_rules_file_refused{path="C:\\\\rules\\n\\"a\\".json"} 1\n');
  assertStringIncludes(text, 'vfio_ask_rules_files{state="refused"} 1\n');
  assertStringIncludes(text, "vfio_ask_sessions 2\n");
});

Deno.test("formatMetrics() writes help and type before samples, as the text format requires", () => {
  const text = formatMetrics(MEASURED);
  const line =
    /^(# (HELP|TYPE) (vfio_ask|process)_[a-z_]+ .+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.]+)$/;
  assertEquals(text.trimEnd().split("\n").filter((entry) => !line.test(entry)), []);
  assertEquals(text.endsWith("\n"), true);
});

Deno.test("formatMetrics() counts requests by route and class, and refusals by problem", () => {
  const measures = makeMeasures();
  for (const status of [200, 201, 204, 404]) measures.request("GET /v1/devices", status);
  measures.request("other", 404);
  measures.refused("not-found");
  measures.refused("not-found");
  const text = formatMetrics({ ...MEASURED, measures });
  assertStringIncludes(text, '{route="GET /v1/devices",code="2xx"} 3\n');
  assertStringIncludes(text, '{route="GET /v1/devices",code="4xx"} 1\n');
  assertStringIncludes(text, 'vfio_ask_http_requests_total{route="other",code="4xx"} 1\n');
  assertStringIncludes(text, 'vfio_ask_http_refusals_total{problem="not-found"} 2\n');
});

Deno.test("formatMetrics() writes cumulative buckets, their sum and their count", () => {
  const measures = makeMeasures();
  const since = performance.now();
  for (const seconds of [0, 0.3, 0.3, 1000]) measures.time("scan", since - seconds * 1000);
  const text = formatMetrics({ ...MEASURED, measures });
  const bucket = (le: string) =>
    Number(
      text.match(`vfio_ask_scan_duration_seconds_bucket\\{le="${le}"\\} (\\d+)`)?.[1] ?? NaN,
    );
  assertEquals(["0.25", "10", "\\+Inf"].map(bucket), [1, 3, 4]);
  assertStringIncludes(text, "vfio_ask_scan_duration_seconds_count 4\n");
  assertEquals(Math.floor(measures.times.scan.sum), 1000);
  // The counts of the others are there from the start, so that a rate can be computed.
  assertStringIncludes(text, "vfio_ask_preflight_duration_seconds_count 0\n");
});

Deno.test("formatMetrics() counts a stream until it is sent or its client is gone", async () => {
  const measures = makeMeasures();
  const sent = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  measures.stream(sent.promise);
  measures.stream(left.promise);
  assertStringIncludes(formatMetrics({ ...MEASURED, measures }), "vfio_ask_http_streams 2\n");
  sent.resolve();
  left.reject(new Error("gone"));
  await Promise.allSettled([sent.promise, left.promise]);
  assertStringIncludes(formatMetrics({ ...MEASURED, measures }), "vfio_ask_http_streams 0\n");
});

Deno.test("formatMetrics() counts predictions by verdict and outcome, with a zero for what has not happened", () => {
  const predicted = (verdict: "compatible" | "unknown", evidence: "vendor-rule" | null) => ({
    predicted: { verdict, evidence },
  });
  const outcomes = [
    mttyOutcome(predicted("compatible", "vendor-rule")),
    mttyOutcome(predicted("compatible", null)),
    mttyOutcome({ ...predicted("compatible", null), result: "failed", cause: "device" }),
    mttyOutcome({ ...predicted("unknown", null), result: "failed" }),
    mttyOutcome(),
  ];
  const text = formatMetrics({ ...MEASURED, outcomes });
  const series = text.match(/^vfio_ask_predictions_total.*$/gm);
  assertEquals(series, [
    'vfio_ask_predictions_total{verdict="compatible",outcome="ok"} 2',
    'vfio_ask_predictions_total{verdict="compatible",outcome="failed-device"} 1',
    'vfio_ask_predictions_total{verdict="compatible",outcome="failed-other"} 0',
    'vfio_ask_predictions_total{verdict="incompatible",outcome="ok"} 0',
    'vfio_ask_predictions_total{verdict="incompatible",outcome="failed-device"} 0',
    'vfio_ask_predictions_total{verdict="incompatible",outcome="failed-other"} 0',
    'vfio_ask_predictions_total{verdict="unknown",outcome="ok"} 0',
    'vfio_ask_predictions_total{verdict="unknown",outcome="failed-device"} 0',
    'vfio_ask_predictions_total{verdict="unknown",outcome="failed-other"} 1',
  ]);
  assertEquals(formatMetrics(MEASURED).match(/^vfio_ask_predictions_total.* 0$/gm)?.length, 9);
});

Deno.test("formatMetrics() has the metrics of this process", () => {
  const text = formatMetrics(MEASURED);
  const value = (name: string) => Number(new RegExp(`^process_${name} (.+)$`, "m").exec(text)?.[1]);
  assertEquals(Math.abs(value("start_time_seconds") - Date.now() / 1000) < 3600, true);
  for (const name of ["resident_memory_bytes", "virtual_memory_bytes", "open_fds", "max_fds"]) {
    assertEquals(value(name) > 0, true, name);
  }
  assertEquals(value("cpu_seconds_total") > 0, true);
});

Deno.test("formatMetrics() has a bounded number of series for refused files", () => {
  const files = Array.from({ length: 100 }, (_, n) => ({ ...file, path: `/${n}` }));
  const rules = { files: files.map((one) => ({ ...one, state: "refused" as const })), inForce: [] };
  const text = formatMetrics({ ...MEASURED, rules });
  assertEquals(text.match(/^vfio_ask_rules_file_refused/gm)?.length, 20);
  assertStringIncludes(text, 'vfio_ask_rules_files{state="refused"} 100\n');
});

Deno.test("formatHostMetrics() counts the devices of each type, and has no metric of this process", () => {
  const text = formatHostMetrics({ version: "1", snapshot: mttySnapshot(), rules: null });
  const labels = '{parent="mtty",type="mtty-2",uapi="v2"}';
  assertStringIncludes(text, `vfio_ask_type_devices${labels} 10\n`);
  assertStringIncludes(text, `vfio_ask_type_devices_free${labels} 10\n`);
  assertEquals(/^(process_|vfio_ask_(http|rules|sessions))/m.test(text), false);
});
