/**
 * Writes the part of docs/migrated-pairs.md about altered PCI configurations from the output of `vfiolab/pci-all`.
 *
 *   deno task pairs LOG…      if a pair is in several logs, the last one counts
 */
import { ELSEWHERE, OF_V1, ON_PORT } from "../tests/vm/pci_alterations.ts";

const DOCUMENT = new URL("../docs/migrated-pairs.md", import.meta.url);
const [BEGIN, END] = ["<!-- altered PCI configurations -->", "<!-- end -->"];

/** A pair as printed by tests/vm/pci_cases.ts. */
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

/** The last result of each pair, in the order of the alterations. Removed alterations are left out. */
function lastOfEach(pairs: readonly Pair[]): Pair[] {
  const names = [ON_PORT, ...Object.values(ELSEWHERE), OF_V1].flat().map(({ name }) => name);
  const key = ({ version, machineType, bus, name }: Pair) =>
    `${version} ${machineType} ${bus} ${name}`;
  const last = new Map(pairs.map((pair) => [key(pair), pair]));
  return [...last.values()].filter(({ name }) => names.includes(name))
    .toSorted((a, b) =>
      groupOf(a) === groupOf(b) ? names.indexOf(a.name) - names.indexOf(b.name) : 0
    );
}

function tables(pairs: readonly Pair[]): string {
  const groups = Map.groupBy(pairs, groupOf);
  return [...groups].map(([title, group]) =>
    [
      `### ${title}`,
      "",
      "| what differs in the target | predicted without --preflight | predicted with --preflight | what QEMU did |",
      "| --- | --- | --- | --- |",
      ...group.map(row),
      "",
    ].join("\n")
  ).join("\n");
}

function groupOf({ version, machineType, bus, uapi }: Pair): string {
  return `QEMU ${version}, ${machineType}, ${PLACES[bus]}, migration ${uapi}`;
}

const PLACES: Readonly<Record<string, string>> = {
  "port": "below a root port",
  "root-complex": "on pcie.0",
  "conventional": "on pci.0",
};

function row({ name, plain, tested, qemu }: Pair): string {
  const words = (values: readonly (string | null)[]) =>
    [...new Set(values.filter((value) => value !== null))].join(", ");
  const did = qemu === "migrated" ? qemu : `refused: \`${complaint(qemu)}\``;
  return `| ${name} | ${words(plain)} | ${words(tested)} | ${did} |`;
}

/** QEMU's message without the device's name, which differs in each run. */
function complaint(said: string): string {
  return said.replace(/^(-device \S+: |get_pci_config_device: )/, "")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "DEVICE").replaceAll("|", "\\|");
}

const logs = await Promise.all(Deno.args.map((path) => Deno.readTextFile(path)));
const pairs = lastOfEach(
  logs.join("\n").split("\n").filter((line) => line.startsWith("pair {"))
    .map((line): Pair => JSON.parse(line.slice("pair ".length))),
);
if (pairs.length === 0) throw new Error(`${Deno.args.join(", ")} have no pairs`);
const text = await Deno.readTextFile(DOCUMENT);
const [before, rest] = text.split(BEGIN) as [string, string];
const after = rest.slice(rest.indexOf(END));
await Deno.writeTextFile(DOCUMENT, `${before}${BEGIN}\n\n${tables(pairs)}\n${after}`);
