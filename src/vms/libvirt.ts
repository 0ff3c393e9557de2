import { runProgram } from "../children/mod.ts";
import { MAX_XML_LENGTH, type Problem, shownName } from "../documents/mod.ts";

/** A domain of libvirt. */
export interface Domain {
  uuid: string;
  isRunning: boolean;
  /** The migratable XML; for a caller who may only read, the plain one. */
  xml: string;
  isMigratable: boolean;
}

/** The domains of libvirt. */
export interface Domains {
  /** The version of the daemon; null if it was not told. */
  version: string | null;
  domains: Domain[];
  problems: Problem[];
}

/** Where libvirt is on this host. */
export interface LibvirtAt {
  /** The sockets of the daemons. If none exists, libvirt is not used. */
  sockets: readonly string[];
  /** Where `virsh` may be. The first one is used. */
  programs: readonly string[];
  uri: string;
  timeoutMs: number;
}

/** libvirt of the system, with the socket of the one daemon or that of the daemon for QEMU. */
export const LIBVIRT: LibvirtAt = {
  sockets: ["/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"],
  programs: ["/usr/bin/virsh", "/usr/local/bin/virsh"],
  uri: "qemu:///system",
  timeoutMs: 20_000,
};

/** How many domains one call of virsh describes. */
const AT_ONCE = 50;

/**
 * The domains that libvirt of this host knows. Null if libvirt is not there: then it is not started either.
 *
 * Source: `virsh list`, `virsh dumpxml --migratable`, which needs more than a connection that only reads: the XML has
 * the passwords of consoles. Without root, `virsh --readonly dumpxml`. Effect: runs virsh, which may start the daemon
 * through its socket. A daemon that does not answer in time is a problem.
 */
export async function readDomains(at: LibvirtAt, isRoot: boolean): Promise<Domains | null> {
  const program = at.programs.find(exists);
  if (program === undefined || !at.sockets.some(exists)) return null;
  const deadline = performance.now() + at.timeoutMs;
  const virsh = (...commands: string[]) =>
    runProgram(program, {
      args: ["--quiet", ...(isRoot ? [] : ["--readonly"]), "-c", at.uri, commands.join("; ")],
      timeoutMs: Math.max(deadline - performance.now(), 1),
      mostCharacters: (AT_ONCE + 1) * MAX_XML_LENGTH,
    });
  const listed = await virsh("list --all --uuid", "version --daemon");
  if (!listed?.success) {
    return { version: null, domains: [], problems: [silent(program, listed?.err ?? null)] };
  }
  const uuids = [...listed.out.matchAll(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/gm)]
    .map(([uuid]) => uuid);
  const version = /^Running against daemon: (\d+(?:\.\d+)+)$/m.exec(listed.out)?.[1] ?? null;
  const domains: Domain[] = [];
  const problems: Problem[] = [];
  for (let from = 0; from < uuids.length; from += AT_ONCE) {
    const some = uuids.slice(from, from + AT_ONCE);
    const mark = crypto.randomUUID();
    // An XML can contain any text, but not a mark that did not exist before.
    const described = await virsh(...some.flatMap((uuid) => [
      `echo ${mark}-${uuid}`,
      `domstate ${uuid}`,
      `dumpxml ${isRoot ? "--migratable " : ""}${uuid}`,
    ]));
    if (described === null) {
      problems.push(silent(program, null));
      break;
    }
    for (const uuid of some) {
      // virsh --quiet prints no newline after it.
      const text = described.out.split(`${mark}-${uuid}`)[1]?.split(mark)[0] ?? "";
      const domain = parseDomain(uuid, text);
      if (domain !== null) domains.push({ ...domain, isMigratable: isRoot });
    }
  }
  return { version, domains, problems };
}

/** The state and the XML of a domain, one after the other; null if it is gone. */
function parseDomain(uuid: string, text: string): Omit<Domain, "isMigratable"> | null {
  const start = text.indexOf("<domain");
  const end = text.lastIndexOf("</domain>");
  if (start === -1 || end === -1) return null;
  const state = text.slice(0, start).trim();
  const isRunning = !["shut off", "crashed", "no state", ""].includes(state);
  // As dumpxml prints it, with its last newline and without that of virsh.
  return { uuid, isRunning, xml: text.slice(start, end + "</domain>".length) + "\n" };
}

function silent(program: string, err: string | null): Problem {
  const said = err?.trim().split("\n").at(-1)?.replace(/^error: */, "") ?? "";
  return {
    code: "unavailable",
    subject: "libvirt",
    sentence: err === null
      ? `Cannot ask libvirt: ${program} did not answer in time`
      : `Cannot ask libvirt: ${shownName(said === "" ? `${program} failed` : said)}`,
    remedy: "Run virsh -c qemu:///system list --all to see whether libvirt answers.",
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
