import { assertEquals, assertStringIncludes } from "@std/assert";
import { driverNamed } from "../../../tests/fixtures/doctor_examination.ts";
import { diagnoseFunction, diagnoseUnreadable } from "./diagnose_function.ts";

const FUNCTION = {
  id: "0000:41:00.1",
  parent: "0000:41:00.0",
  driver: driverNamed("mlx5_core"),
  modalias: "pci:v000015B3d0000101E",
  variant: { module: "mlx5_vfio_pci", driver: "mlx5_vfio_pci" },
};

Deno.test("diagnoseFunction() says how to unbind a function from a host driver", () => {
  const { type, canMigrate, findings } = diagnoseFunction(FUNCTION);
  assertEquals([type, canMigrate], ["mlx5_core:pci:v000015B3d0000101E", "no"]);
  assertEquals(findings.map(({ code, level }) => [code, level]), [
    ["VariantDriverNotBound", "blocks"],
  ]);
  assertStringIncludes(findings[0]!.remedy!, "set-override 0000:41:00.1 mlx5_vfio_pci");
  assertStringIncludes(findings[0]!.remedy!, "unbind");
});

Deno.test("diagnoseFunction() does not unbind a function without a driver", () => {
  const { findings: [finding] } = diagnoseFunction({ ...FUNCTION, driver: null });
  assertEquals(finding!.remedy!.includes("unbind"), false);
  assertStringIncludes(finding!.sentence, "no driver");
});

Deno.test("diagnoseUnreadable() answers unknown, with a remedy", () => {
  const { canMigrate, findings } = diagnoseUnreadable({
    id: "0000:0a:00.0",
    sentence: "Cannot read vendor: kernel answered EIO",
    remedy: null,
  });
  assertEquals([canMigrate, findings[0]!.code], ["unknown", "Unreadable"]);
  assertStringIncludes(findings[0]!.remedy!, "dmesg");
});
