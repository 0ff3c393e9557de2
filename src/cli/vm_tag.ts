import { Failure, type VirtualMachine } from "../documents/mod.ts";
import { type Context, type Option, YES } from "./command.ts";
import { findVirsh, VIRSH, type Virsh } from "./virsh.ts";

/** The options of `vm tag`. */
export const TAG_OPTIONS: readonly Option[] = [
  { name: "uri", value: "URI", help: "Connection of libvirt (qemu:///system)" },
  VIRSH,
  { name: "remove", help: "Remove the identities from the machine's metadata" },
];

/**
 * `vfio-ask vm tag NAME`: puts the identities of a machine's devices into its metadata in libvirt, where they go with a
 * migration. Repeating it replaces them. `readMachine` describes the machine. Effect: runs virsh. Throws a
 * {@link Failure} that names what failed.
 */
export async function runTag(
  context: Context,
  name: string,
  readMachine: (name: string) => Promise<VirtualMachine>,
): Promise<number> {
  const { TAG_KEY, TAG_NAMESPACE, formatTag } = await import("../hook/mod.ts");
  const virsh = findVirsh(context);
  if (virsh === null) {
    throw new Failure("not-found", "There is no virsh on this host", {
      subject: "virsh",
      remedy: "Install libvirt's clients.",
    });
  }
  const remove = context.options["remove"] === true;
  const tag = remove ? null : formatTag(await readMachine(name));
  const where = await placesOf(virsh, name);
  await run(virsh, [
    "metadata",
    `--domain=${name}`,
    `--uri=${TAG_NAMESPACE}`,
    ...where,
    ...tag === null ? ["--remove"] : [`--key=${TAG_KEY}`, `--set=${tag}`],
  ], name);
  const done = tag === null ? "removed" : `${tag.length} bytes`;
  context.terminal.out(`${name}: ${done}, ${where.join(" ")}\n`);
  return YES;
}

/** What to change: the running machine, its definition, or both. */
async function placesOf(virsh: Virsh, name: string): Promise<string[]> {
  const info = await run(virsh, ["dominfo", `--domain=${name}`], name);
  const isOff = /^State:\s+shut off$/m.test(info);
  const isPersistent = /^Persistent:\s+yes$/m.test(info);
  return [...isOff ? [] : ["--live"], ...isPersistent ? ["--config"] : []];
}

async function run(virsh: Virsh, args: readonly string[], name: string): Promise<string> {
  const ran = await virsh(args);
  if (ran?.success) return ran.out;
  const why = ran === null ? "it did not answer in time" : ran.err.trim().split("\n")[0]!;
  const isMissing = /failed to get domain|Domain not found/.test(why);
  throw new Failure(isMissing ? "not-found" : "kernel", `${name}: virsh ${args[0]}: ${why}`, {
    subject: name,
    remedy: isMissing
      ? "Run virsh list --all to see the machines."
      : "Check that libvirt runs, and repeat the command.",
  });
}
