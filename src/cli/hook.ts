import type { ArrivalRecord, EndWorld, ServiceAddress } from "../hook/mod.ts";
import { escaped, type Identity, MAX_XML_LENGTH } from "../documents/mod.ts";
import { type Command, type Context, NO, type Option, YES } from "./command.ts";
import { HOOK_SETTINGS, hookSettings } from "./hook_settings.ts";
import { openHookLog } from "./hook_log.ts";
import { HOST_OPTIONS, text, usage } from "./options.ts";
import { CONFIG, configure, settingsFile } from "./settings.ts";
import { findVirsh, VIRSH } from "./virsh.ts";

/** From the start of the process until a migration passes without an answer. Loading the program takes the rest of two
 * seconds. */
const LIMIT_MS = 1_800;

/** How long it may take to record an outcome while libvirt waits. */
const REPORT_MS = 8_000;

const OWN_OPTIONS: readonly Option[] = [
  VIRSH,
  { name: "hook-run", value: "DIR", help: "Directory of the records (/run/vfio-ask-hook)" },
  { name: "hook-log", value: "PATH|none", help: "Socket of the system's log (/dev/log)" },
];

export const command: Command = {
  args: "NAME OPERATION SUBOPERATION EXTRA",
  about:
    `libvirt calls this hook on the destination of each migration, with the machine's XML on standard
input; vfio-ask install --hook installs it. It reads the identities of the machine's devices from
the metadata, where vfio-ask vm tag puts them on the source, and asks the service of this host about
the devices that the XML names. --hook-policy says what follows:

  log     Write the verdict to the log, and let every migration pass
  refuse  Stop a migration that would fail, and give the operator the reasons
  place   Also make the best free configuration where the XML's device is not usable here, and put
          it into the XML. libvirt then marks the machine as tainted: hook-script

Without a service, an identity or an answer within two seconds, the migration passes, and the log
says why. The devices that it made are removed when the migration fails. Outcomes are recorded as
vfio-ask outcome does.

Exit code 1 stops the migration; every other one of this command must not.`,
  options: [CONFIG, ...HOOK_SETTINGS, ...OWN_OPTIONS, ...HOST_OPTIONS],
  async run(context) {
    const { terminal, args } = context;
    const [name, operation, suboperation, extra] = args;
    const log = openHookLog(text(context, "hook-log") ?? "/dev/log", terminal.err);
    if (name === "follow" && args.length === 3) {
      return await follow(context, log, args[1]!, args[2]!);
    }
    if (name === undefined || args.length !== 4) {
      throw usage("hook needs the four arguments of libvirt", "Run vfio-ask help hook.");
    }
    try {
      if (operation === "migrate" && suboperation === "begin") {
        return await begin(context, log, name);
      }
      if (operation === "release" && suboperation === "end" && extra === "failed") {
        const { endArrival, readQemuMessage } = await import("../hook/mod.ts");
        const ending = { result: "failed", message: readQemuMessage(name) } as const;
        for (const line of await endArrival({ name, id: null }, ending, endWorld(context))) {
          log("info", `${name}: ${line}`);
        }
      }
    } catch (error) {
      // A hook that fails stops the migration, and a defect must not.
      log("warning", `${name}: passed without a judgement: ${(error as Error).message}`);
    }
    return YES;
  },
};

type HookLog = ReturnType<typeof openHookLog>;

async function begin(context: Context, log: HookLog, name: string): Promise<number> {
  const startMs = performance.now();
  const hook = await import("../hook/mod.ts");
  const { value } = configure(context, HOOK_SETTINGS, hookSettings, { ignoreOthers: true });
  const { policy, placeUnknown, address } = value;
  const leftMs = () => Math.max(1, LIMIT_MS - (performance.now() - startMs));
  const xml = await readInput(leftMs());
  const { passes, xml: changed, lines } = await hook.arrive(name, xml, {
    policy,
    placeUnknown,
    roots: rootsOf(context),
    runDirectory: runDirectory(context),
    ask: (sources: readonly Identity[]) =>
      hook.askService(address satisfies ServiceAddress, sources, leftMs()),
    follow: (record) => startFollower(context, record),
    nowMs: Date.now,
  });
  if (!passes) {
    for (const line of lines) log("warning", `${name}: refused: ${line}`, { quiet: true });
    context.terminal.err(
      lines.map((line) => `vfio-ask: ${escaped(`${name} cannot migrate to this host: ${line}`)}\n`)
        .join(""),
    );
    return NO;
  }
  for (const line of lines) {
    log("info", `${name}: ${/^(passed|placed)/.test(line) ? line : `passed: ${line}`}`);
  }
  context.terminal.out(changed);
  return YES;
}

/** Standard input, in bounds of size and time. */
async function readInput(timeoutMs: number): Promise<string> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no XML came in time")), timeoutMs);
  const reader = Deno.stdin.readable.getReader();
  const decoder = new TextDecoder();
  try {
    for (let xml = "";;) {
      const { value, done } = await Promise.race([reader.read(), late]);
      if (done) return xml + decoder.decode();
      xml += decoder.decode(value, { stream: true });
      if (xml.length > MAX_XML_LENGTH) throw new Error("the XML is too large");
    }
  } finally {
    clearTimeout(timer);
    reader.releaseLock();
  }
}

/** Starts the follower as a process of its own, which holds no pipe of libvirt. */
function startFollower(context: Context, { name, id }: ArrivalRecord): void {
  const config = settingsFile(context) ?? "none";
  const options = [
    `--config=${config}`,
    ...["virsh", "hook-run", "hook-log", "sysfs", "dev", "proc"].flatMap((option) => {
      const value = text(context, option);
      return value === null ? [] : [`--${option}=${value}`];
    }),
  ];
  const [program, ...args] = [...PROGRAM, "hook", ...options, "--", "follow", name, id];
  new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn().unref();
}

/** The command line of this program. */
const PROGRAM = Deno.build.standalone ? [Deno.execPath()] : [
  Deno.execPath(),
  "run",
  "--quiet",
  "--no-check",
  "-A",
  new URL("../../main.ts", import.meta.url).href,
];

async function follow(context: Context, log: HookLog, name: string, id: string): Promise<number> {
  const { endArrival, followArrival, parseMachineState, readRecord } = await import(
    "../hook/mod.ts"
  );
  const virsh = findVirsh(context);
  if (virsh === null) {
    log("warning", `${name}: there is no virsh, so the outcome of its migration is not recorded`);
    return YES;
  }
  const result = await followArrival({
    isOpen: () => Promise.resolve(readRecord(runDirectory(context), name)?.id === id),
    readState: async () => {
      const ran = await virsh(["domstate", "--domain", name, "--reason"]);
      if (ran === null) return "unknown";
      if (ran.success) return parseMachineState(ran.out.trim());
      return /failed to get domain|Domain not found/.test(ran.err) ? "none" : "unknown";
    },
    nowMs: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  if (result === null) return YES;
  for (const line of await endArrival({ name, id }, { result }, endWorld(context))) {
    log("info", `${name}: ${line}`);
  }
  // The identity in its metadata is that of the host that it came from.
  if (result === "ok") {
    const why = await runSelf(["vm", "--", "tag", name]);
    if (why !== null) log("warning", `${name}: its identity was not renewed: ${why}`);
  }
  return YES;
}

function endWorld(context: Context): EndWorld {
  return {
    roots: rootsOf(context),
    runDirectory: runDirectory(context),
    async report({ name }, { source, device }, ending) {
      const file = `${runDirectory(context)}/source-${crypto.randomUUID()}`;
      Deno.writeTextFileSync(file, JSON.stringify(source), { mode: 0o600, createNew: true });
      try {
        const message = ending.result === "failed" ? ending.message : null;
        return await runSelf([
          "outcome",
          ending.result,
          `--source=${file}`,
          `--target=${device}`,
          `--vm=${name}`,
          "--origin=hook",
          "--probe=never",
          ...message === null ? [] : [`--message=${message}`],
        ]);
      } finally {
        Deno.removeSync(file);
      }
    },
  };
}

/** Runs a command of this program. Gives null if it succeeds, otherwise what it said. */
async function runSelf(args: readonly string[]): Promise<string | null> {
  const { runProgram } = await import("../children/mod.ts");
  const [program, ...rest] = [...PROGRAM, ...args];
  const options = { args: rest, timeoutMs: REPORT_MS, mostCharacters: 1 << 20 };
  const ran = await runProgram(program!, options);
  if (ran === null) return "it did not end in time";
  return ran.success ? null : ran.err.trim().slice(0, 500);
}

function runDirectory(context: Context): string {
  return text(context, "hook-run") ?? "/run/vfio-ask-hook";
}

function rootsOf(context: Context) {
  return {
    sys: text(context, "sysfs") ?? "/sys",
    dev: text(context, "dev") ?? "/dev",
    proc: text(context, "proc") ?? "/proc",
  };
}
