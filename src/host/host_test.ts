import { assertEquals } from "@std/assert";
import { plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { readHost } from "./host.ts";

Deno.test("readHost() returns name, kernel and boot id", () => {
  using host = plantEmptyHost();
  host.proc.attribute("sys/kernel/hostname", "hv-17");
  host.proc.attribute("sys/kernel/osrelease", "6.12.57");
  host.proc.attribute("sys/kernel/random/boot_id", "9f0f1c52-0f6f-4d7e-9c0e-52c1a2b7a3f1");
  assertEquals(readHost(host.roots), {
    name: "hv-17",
    kernel: "6.12.57",
    bootId: "9f0f1c52-0f6f-4d7e-9c0e-52c1a2b7a3f1",
  });
});

Deno.test("readHost() escapes a name that is invalid in a document", () => {
  using host = plantEmptyHost();
  host.proc.attribute("sys/kernel/hostname", "hv\x1b[2J");
  assertEquals(readHost(host.roots).name, "hv\\u001b[2J");
});

Deno.test("readHost() uses placeholders if /proc has no data", () => {
  using host = plantEmptyHost();
  host.proc.attribute("sys/kernel/hostname", "");
  assertEquals(readHost(host.roots), { name: "unnamed", kernel: "unknown", bootId: null });
});
