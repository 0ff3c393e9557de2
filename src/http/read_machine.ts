import { Failure, readVirtualMachine, type VirtualMachine, VM_SCHEMA } from "../documents/mod.ts";
import { sourcesOf } from "../answers/mod.ts";
import { HttpProblem } from "./problem.ts";
import { checkMigratable, orHttpProblem } from "./read_identity.ts";

const FAMILY = VM_SCHEMA.replace(/\d+$/, "");

/** Whether a body says that it is a virtual machine, of any version. */
export function isMachine(body: unknown): boolean {
  const schema = (body as { schema?: unknown } | null)?.schema;
  return typeof schema === "string" && schema.startsWith(FAMILY);
}

/**
 * Reads a virtual machine. Each source has what the document says about the whole machine. Throws a problem as for an
 * identity: with the field, its value and the remedy, or with the reasons why a source cannot migrate to any host.
 */
export function readMachine(body: unknown): VirtualMachine {
  const machine = orHttpProblem(body, [], readVirtualMachine);
  const sources = sourcesOf(machine);
  for (const [index, source] of sources.entries()) checkMigratable(source, ["sources", index]);
  return { ...machine, sources };
}

/** Runs a function that reads the domain XML. A failure about that names its place. */
export async function withReadableXml<T>(answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "bad-input") throw error;
    throw new HttpProblem("identity-invalid", error.message, {
      pointer: "/libvirt/xml",
      remedy: error.remedy,
    });
  }
}
