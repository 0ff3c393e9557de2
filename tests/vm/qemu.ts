/** Saves and loads a machine with a QEMU from the disk that scripts/vm/stages/qemus creates. */

/** Where job.sh mounts that disk. */
const DISK = "/mnt/qemus";
/** Where the program under test looks for an installed QEMU. */
const INSTALLED = "/usr/bin/qemu-system-x86_64";

/** A machine with one vfio-pci device. */
export interface Machine {
  /** A folder of the disk. */
  qemu: "10" | "7.2";
  machineType: string;
  bus: "port" | "root-complex" | "conventional";
  /** The device properties that enable migration. */
  properties: string;
}

/** Installs a version of QEMU; returns the full version. */
export async function installQemu(version: Machine["qemu"]): Promise<string> {
  const folder = `${DISK}/${version}`;
  const script = [
    "#!/bin/sh",
    `export QEMU_MODULE_DIR=${folder}/lib`,
    `exec ${folder}/lib/ld-linux-x86-64.so.2 --library-path ${folder}/lib ${folder}/qemu-system-x86_64 -L ${folder}/share "$@"`,
  ];
  Deno.writeTextFileSync(INSTALLED, `${script.join("\n")}\n`);
  Deno.chmodSync(INSTALLED, 0o755);
  const { stdout } = await new Deno.Command(INSTALLED, { args: ["--version"] }).output();
  return new TextDecoder().decode(stdout).match(/version (\S+)/)![1]!;
}

function argumentsOf(machine: Machine, device: string): string[] {
  const path = `/sys/bus/mdev/devices/${device}`;
  const place = { port: "bus=below", "root-complex": "bus=pcie.0", conventional: "bus=pci.0" };
  const port = ["-device", "pcie-root-port,id=below,chassis=1,slot=1"];
  return [
    ...["-machine", machine.machineType, "-accel", "tcg", "-m", "32M", "-S"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-qmp", "stdio"],
    ...machine.bus === "port" ? port : [],
    "-device",
    `vfio-pci,sysfsdev=${path},${place[machine.bus]},addr=${
      machine.bus === "port" ? "0" : "5"
    },${machine.properties}`,
  ];
}

/** Saves a machine with a device to a file, as a migration does. */
export async function saveMachine(machine: Machine, device: string, file: string): Promise<void> {
  await using qemu = startQemu(argumentsOf(machine, device));
  await qemu.ask("qmp_capabilities");
  await qemu.ask("migrate", { uri: `exec:cat > ${file}` });
  const status = await qemu.until("query-migrate", ["completed", "failed"]);
  if (status !== "completed") throw new Error(`QEMU did not save: ${await qemu.end()}`);
}

/** The result of a migration: it passed, QEMU refused to start it, or it failed after the start. */
export interface Tried {
  outcome: "passes" | "blocked" | "fails";
  /** QEMU's message. */
  said: string;
}

/** Tries to save a machine with a device to a file, as a migration does. */
export async function tryToSave(machine: Machine, device: string, file: string): Promise<Tried> {
  await using qemu = startQemu(argumentsOf(machine, device));
  await qemu.ask("qmp_capabilities");
  try {
    await qemu.ask("migrate", { uri: `exec:cat > ${file}` });
  } catch (error) {
    return { outcome: "blocked", said: String(error) };
  }
  const status = await qemu.until("query-migrate", ["completed", "failed"]);
  const { "error-desc": said = status } = await qemu.ask("query-migrate");
  return { outcome: status === "completed" ? "passes" : "fails", said };
}

/** Loads a stream; returns null if QEMU accepted it, otherwise QEMU's messages without warnings. */
export async function loadMachine(
  machine: Machine,
  device: string,
  file: string,
): Promise<string | null> {
  await using qemu = startQemu([
    ...argumentsOf(machine, device),
    "-incoming",
    `exec:cat ${file}`,
  ]);
  try {
    await qemu.ask("qmp_capabilities");
    await qemu.until("query-status", ["prelaunch", "paused"]);
    return null;
  } catch {
    const lines = (await qemu.end()).split("\n").filter((line) => !line.includes("warning:"));
    return lines.map((line) => line.replace(/^qemu-system-x86_64: /, "")).join("\n").trim();
  }
}

/** Starts a QEMU that is controlled over QMP. A command fails if QEMU ends. */
function startQemu(args: readonly string[]) {
  const command = new Deno.Command(INSTALLED, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const said = new Response(child.stderr).text();
  let pending = "";
  const nextLine = async (): Promise<string> => {
    while (!pending.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`QEMU has ended: ${await said}`);
      pending += value;
    }
    const end = pending.indexOf("\n");
    const line = pending.slice(0, end);
    pending = pending.slice(end + 1);
    return line;
  };
  // deno-lint-ignore no-explicit-any
  const ask = async (execute: string, words: object = {}): Promise<any> => {
    await writer.write(
      new TextEncoder().encode(JSON.stringify({ execute, arguments: words }) + "\n"),
    );
    while (true) {
      const answer = JSON.parse(await nextLine());
      if ("error" in answer) throw new Error(`${execute}: ${JSON.stringify(answer.error)}`);
      if ("return" in answer) return answer.return;
    }
  };
  return {
    ask,
    /** Repeats a query until the status is one of these; returns it. */
    async until(execute: string, wanted: readonly string[]): Promise<string> {
      while (true) {
        const { status } = await ask(execute);
        if (wanted.includes(status)) return status;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    /** Waits until QEMU exits; returns its messages. */
    async end(): Promise<string> {
      await child.status;
      return await said;
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await child.status;
      await said.catch(() => "");
      await writer.close().catch(() => {});
      await reader.cancel().catch(() => {});
    },
  };
}

/** Options of the program under test that describe the machine. */
export function vmmOptions({ machineType, bus }: Machine, version: string): string[] {
  return [
    ...["--qemu-version", version, "--machine-type", machineType],
    ...["--pci-bus", bus, "--enable-migration", "on"],
  ];
}
