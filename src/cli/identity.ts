import {
  Failure,
  type FoundMachine,
  identify,
  type Identity,
  MAX_XML_LENGTH,
  type Problem,
  type RunningVmm,
  toProblem,
  type VirtualMachine,
} from "../documents/mod.ts";
import { type Command, type Context, FAILED, NO, UNKNOWN, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { JSON_ALWAYS, LOOK_OPTIONS, PREFLIGHT_OPTIONS, text, usage } from "./options.ts";
import { identifyHere, recover } from "./trials.ts";
import { lookAtMachines } from "./vm.ts";
import { VMM_OPTIONS, vmmOption } from "./vmm_options.ts";
import { tellProblems } from "./words.ts";

export const command: Command = {
  args: "[DEVICE]",
  about:
    `Prints the JSON document that describes a source. Pass it to vfio-ask ask, or to POST /v1/ask, on
another host. With --initial-data, it contains the driver's initial data for the target's driver
to test. The data is read from the device, or from an idle sibling if the device is in use, and
the device that was read is reset. --qemu-version and the options after it describe the QEMU that
runs the device; what QEMU refuses depends on them.

With --vm, the document describes a virtual machine of this host with all its VFIO devices: how
QEMU uses each, and for a machine of libvirt its migratable XML. As virsh dumpxml --migratable
prints it, the XML has the passwords of consoles. --xml describes a machine that is off.

Exit code 0 if the device can migrate, or all of a machine's can; 1 if one cannot; 3 if this is
unknown; 4 if a device of a machine is missing.`,
  options: [
    { name: "vm", value: "NAME", help: "Describe a virtual machine, by its name, UUID or pid" },
    {
      name: "xml",
      value: "FILE",
      help: "Describe the machine of a libvirt domain XML (--xml=- for standard input)",
    },
    ...LOOK_OPTIONS,
    { name: "initial-data", help: "Include the device's initial data, read through its driver" },
    ...PREFLIGHT_OPTIONS,
    ...VMM_OPTIONS,
    JSON_ALWAYS,
  ],
  async run(context) {
    const [device, ...rest] = context.args;
    const [vm, xml] = [text(context, "vm"), text(context, "xml")];
    const given = [device ?? null, vm, xml].filter((subject) => subject !== null);
    if (given.length !== 1 || rest.length > 0) {
      throw usage(
        "identity needs one DEVICE, or --vm, or --xml",
        "Run vfio-ask devices to list the devices, and vfio-ask vm to list the machines.",
      );
    }
    const vmm = vmmOption(context);
    if (vm !== null || xml !== null) return await identifyMachine(context, { vm, xml, vmm });
    if (context.options["initial-data"]) await recover(context);
    const snapshot = await lookAtHost(context);
    const identity = context.options["initial-data"]
      ? (await identifyHere(context, snapshot, device!)).identity
      : identify(snapshot, device!);
    const document = vmm === null ? identity : { ...identity, vmm };
    context.terminal.out(json(document));
    return codeOf([document]);
  },
};

/** Prints the document of a machine. */
async function identifyMachine(
  context: Context,
  { vm, xml, vmm }: { vm: string | null; xml: string | null; vmm: RunningVmm | null },
): Promise<number> {
  const { machineNamed, machineOfXml, describeMachine } = await import("../vms/mod.ts");
  // An XML that cannot be read is refused before the host is looked at.
  const ofXml = xml === null ? null : machineOfXml(await readXml(xml));
  if (context.options["initial-data"]) await recover(context);
  const { snapshot, found } = ofXml === null
    ? await lookAtMachines(context, vm)
    : { snapshot: await lookAtHost(context), found: { machines: [ofXml], problems: [] } };
  tellProblems(context.terminal, found.problems);
  const machine = withVmm(ofXml ?? machineNamed(found, vm!), vmm);
  let isComplete = true;
  const withData = async (id: string): Promise<{ identity: Identity; problems: Problem[] }> => {
    try {
      return await identifyHere(context, snapshot, id);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      isComplete = false;
      const problem = toProblem(error, id);
      tellProblems(context.terminal, [problem]);
      return { identity: identify(snapshot, id), problems: [problem] };
    }
  };
  const described = await describeMachine(
    snapshot,
    machine,
    context.options["initial-data"] ? withData : undefined,
  );
  const document = overrule(described, vmm);
  const own = document.problems.filter(({ code }) => code !== "no-initial-data");
  tellProblems(context.terminal, isComplete ? own : own.filter(({ code }) => code === "gone"));
  if (/\spasswd\s*=/.test(document.libvirt?.xml ?? "")) {
    context.terminal.err(
      "vfio-ask: The XML has the password of a console. Keep the document secret.\n",
    );
  }
  context.terminal.out(json(document));
  const isMissing = own.some(({ code }) => code !== "not-permitted");
  return isMissing || !isComplete ? FAILED : codeOf(document.sources);
}

/** A machine with the QEMU that options describe. The defaults of a device's properties depend on it. */
function withVmm(machine: FoundMachine, vmm: RunningVmm | null): FoundMachine {
  return {
    ...machine,
    qemu: vmm?.qemu ?? machine.qemu,
    machineType: vmm?.machineType ?? machine.machineType,
  };
}

/** The document with what options say about all devices. */
function overrule(document: VirtualMachine, vmm: RunningVmm | null): VirtualMachine {
  if (vmm === null) return document;
  const sources = document.sources.map((source) => ({
    ...source,
    vmm: { ...source.vmm, ...vmm },
  }));
  return { ...document, sources };
}

/** Whether all sources can migrate. */
function codeOf(sources: readonly Identity[]): number {
  const uapis = sources.map(({ migration: { uapi } }) => uapi);
  return uapis.includes("none") ? NO : uapis.includes("unknown") ? UNKNOWN : YES;
}

/** The text of an XML file. It must be UTF-8, as libvirt writes it, so that the document has every byte of it. */
async function readXml(path: string): Promise<string> {
  const unreadable = (why: string, cause?: unknown) =>
    new Failure("bad-input", `Cannot read the domain XML in ${path}: ${why}`, {
      subject: path,
      remedy: "Give a file, as virsh dumpxml --migratable prints it.",
      cause,
    });
  let bytes: Uint8Array;
  try {
    // Four bytes a character at most.
    if (path !== "-" && Deno.statSync(path).size > 4 * MAX_XML_LENGTH) {
      throw new RangeError("it is too large");
    }
    bytes = path === "-"
      ? new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer())
      : Deno.readFileSync(path);
  } catch (cause) {
    const isMissing = cause instanceof Deno.errors.NotFound;
    throw unreadable(isMissing ? "there is no such file" : (cause as Error).message, cause);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw unreadable("it is not UTF-8", cause);
  }
}
