import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import {
  bestVfioAlias,
  matchesAlias,
  parseBuiltinVfioAliases,
  parseVfioAliases,
  readVfioAliases,
} from "./vfio_aliases.ts";

const TEXT = `# Aliases extracted from modules themselves.
alias pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_core
alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci
alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci
alias vfio_pci:v00008086d00004941sv*sd*bc*sc*i* qat_vfio_pci
alias vfio_platform:reset:amd,xgbe-seattle-v1a vfio_platform_amdxgbe
`;
const CONNECTX = "pci:v000015B3d0000101Esv000015B3sd00000058bc02sc00i00";

Deno.test("parseVfioAliases() takes only lines of VFIO drivers for PCI functions", () => {
  assertEquals(parseVfioAliases(TEXT).map(({ module }) => module), [
    "vfio_pci",
    "mlx5_vfio_pci",
    "qat_vfio_pci",
  ]);
});

Deno.test("parseBuiltinVfioAliases() does the same for NUL-separated entries", () => {
  const entries = [
    "vfio_pci.license=GPL v2",
    "vfio_pci.alias=vfio_pci:v*d*sv*sd*bc*sc*i*",
    "fuse.alias=devname:fuse",
    "xe_vfio_pci.alias=vfio_pci:v00008086d0000E20Bsv*sd*bc*sc*i*",
  ];
  assertEquals(parseBuiltinVfioAliases(entries.join("\0") + "\0"), [
    { module: "vfio_pci", pattern: "vfio_pci:v*d*sv*sd*bc*sc*i*" },
    { module: "xe_vfio_pci", pattern: "vfio_pci:v00008086d0000E20Bsv*sd*bc*sc*i*" },
  ]);
});

Deno.test("bestVfioAlias() prefers the most specific alias", () => {
  const aliases = parseVfioAliases(TEXT);
  assertEquals(bestVfioAlias(aliases, CONNECTX)?.module, "mlx5_vfio_pci");
  assertEquals(bestVfioAlias(aliases, CONNECTX.replace("101E", "1017"))?.module, "vfio_pci");
  assertEquals(bestVfioAlias(aliases.slice(1), "acpi:AMDI8001:"), null);
});

const MATCHES: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ["a*c", "abc", true],
  ["a*c", "ac", true],
  ["a*c", "abcd", false],
  ["a*bc", "abc", true],
  ["ab*bc", "abc", false],
  ["*", "", true],
  ["a**b*", "axxb", true],
  ["abc", "abc", true],
  ["abc", "abcd", false],
  ["a.c", "abc", false],
  ["v*d*i*", "v1d2i3", true],
  ["v*d*i*", "v1i3", false],
];

for (const [pattern, text, matches] of MATCHES) {
  Deno.test(`matchesAlias() ${matches ? "takes" : "refuses"} "${text}" for ${pattern}`, () => {
    assertEquals(matchesAlias(pattern, text), matches);
  });
}

Deno.test("readVfioAliases() finds the running kernel's lists next to /sys, and is null without them", () => {
  using host = plantEmptyHost();
  const directory = join(host.directory, "lib/modules/6.12.57");
  assertEquals(readVfioAliases(host.roots, "6.12.57"), null);
  Deno.mkdirSync(directory, { recursive: true });
  Deno.writeTextFileSync(join(directory, "modules.alias"), TEXT);
  assertEquals(readVfioAliases(host.roots, "6.12.57")?.length, 3);
  Deno.writeTextFileSync(
    join(directory, "modules.builtin.modinfo"),
    "pds_vfio_pci.alias=vfio_pci:v00001DD8d00001003sv*sd*bc*sc*i*\0",
  );
  assertEquals(readVfioAliases(host.roots, "6.12.57")?.at(-1)?.module, "pds_vfio_pci");
  assertEquals(readVfioAliases(host.roots, "6.12.58"), null);
});
