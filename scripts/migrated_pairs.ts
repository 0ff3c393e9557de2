/**
 * Writes the part of docs/migrated-pairs.md about altered PCI configurations from what a run of `vfiolab/pci-all` printed.
 *
 *   deno task pairs LOG
 */
const DOCUMENT = new URL("../docs/migrated-pairs.md", import.meta.url);
const [BEGIN, END] = ["<!-- altered PCI configurations -->", "<!-- end -->"];

/** A pair as tests/vm/pci_cases.ts prints it. */
interface Pair {
  version: string;
  machineType: string;
  bus: string;
  uapi: string;
  name: string;
  plain: string[];
  tested: (string | null)[];
  qemu: string;
}

const log = await Deno.readTextFile(Deno.args[0]!);
const pairs: Pair[] = log.split("\n").filter((line) => line.startsWith("pair {"))
  .map((line) => JSON.parse(line.slice("pair ".length)));
if (pairs.length === 0) throw new Error(`${Deno.args[0]} has no pairs`);
const text = await Deno.readTextFile(DOCUMENT);
const [before, rest] = text.split(BEGIN) as [string, string];
const after = rest.slice(rest.indexOf(END));
await Deno.writeTextFile(DOCUMENT, `${before}${BEGIN}\n\n${tables(pairs)}\n${after}`);

function tables(pairs: readonly Pair[]): string {
  const groups = Map.groupBy(
    pairs,
    ({ version, machineType, bus, uapi }) =>
      `QEMU ${version}, ${machineType}, ${PLACES[bus]}, migration ${uapi}`,
  );
  return [...groups].map(([title, group]) =>
    [
      `### ${title}`,
      "",
      "| what the target has other | predicted plain | predicted with --preflight | what QEMU did |",
      "| --- | --- | --- | --- |",
      ...group.map(row),
      "",
    ].join("\n")
  ).join("\n");
}

const PLACES: Readonly<Record<string, string>> = {
  "port": "below a root port",
  "root-complex": "on pcie.0",
  "conventional": "on pci.0",
};

function row({ name, plain, tested, qemu }: Pair): string {
  const words = (values: readonly (string | null)[]) =>
    [...new Set(values.filter((value) => value !== null))].join(", ");
  const did = qemu === "migrated"
    ? qemu
    : `refused: \`${qemu.replace("get_pci_config_device: ", "").replaceAll("|", "\\|")}\``;
  return `| ${name} | ${words(plain)} | ${words(tested)} | ${did} |`;
}
