import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertGolden } from "../../tests/fixtures/golden.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import type { Diagnosis } from "../judge/doctor/mod.ts";

const MIXED = ["doctor", "--simulate", "mixed"];

Deno.test("doctor prints what each device of a host lacks", async () => {
  const { code, out, err } = await runCli(MIXED);
  assertEquals([code, err], [1, ""]);
  const text = out.replace(/of \d{4}-\S+Z/, "of NOW").replaceAll(/\/\S*\/vfio-ask-[0-9a-f]+/g, "");
  assertGolden("doctor_mixed.txt", text);
});

Deno.test("doctor exits with 0 if the named devices can migrate", async () => {
  const { code, out } = await runCli([...MIXED, "0000:6b:00.2", "0000:6b:00.1"]);
  assertEquals(code, 0);
  assertStringIncludes(out, "2 can migrate, 0 cannot, 0 unknown");
});

Deno.test("doctor exits with 3 if the worst result is unknown", async () => {
  assertEquals((await runCli([...MIXED, "0000:6b:00.2", "0000:17:00.4"])).code, 3);
  assertEquals((await runCli([...MIXED, "--probe", "never", "0000:6b:00.2"])).code, 3);
  // This includes a device that cannot be read.
  assertEquals((await runCli([...MIXED, "0000:0a:00.0"])).code, 3);
});

Deno.test("doctor says how to list devices if the named one does not exist", async () => {
  const { code, out, err } = await runCli([...MIXED, "0000:ff:00.0"]);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "0000:ff:00.0");
  assertStringIncludes(err, "vfio-ask doctor");
});

Deno.test("doctor --json prints every finding with its level and remedy", async () => {
  const { code, out, err } = await runCli([...MIXED, "--json"]);
  assertEquals([code, err], [1, ""]);
  const { host, devices, findings, snapshot } = JSON.parse(out);
  assertEquals([snapshot, host.name], [1, "lab-01"]);
  assertEquals(findings[0].subject, "host");
  const found = new Map(devices.map((device: Diagnosis) => [device.id, device])) as Map<
    string,
    Diagnosis
  >;
  assertEquals(found.size, 16);
  const [finding] = found.get("AMDI8001:00")!.findings;
  assertEquals([finding?.code, finding?.level], ["DriverHasNoMigration", "blocks"]);
  assertEquals(finding?.check, { step: "VFIO_DEVICE_FEATURE_MIGRATION", errno: "ENOTTY" });
});

Deno.test("doctor lists virtual functions without their VFIO driver", async () => {
  const { code, out } = await runCli(["doctor", "--simulate", "nic-host", "0000:c1:01.6"]);
  assertEquals(code, 1);
  assertStringIncludes(out, "VariantDriverNotBound: mlx5_core: ");
  assertStringIncludes(out, "driverctl set-override 0000:c1:01.6 mlx5_vfio_pci");
});
