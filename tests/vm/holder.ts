/**
 * A process that holds a device as a virtual machine would: it opens it, says so, asks it over and over until
 * its standard input ends, and says how often an answer was not what it was at first.
 */
import { VFIO_DEVICE_GET_INFO, vfio_device_info } from "../../ffi/vfio.ts";
import { openLibc } from "../../ffi/libc.ts";
import { openDevice } from "../../src/device/mod.ts";
import { THIS_HOST } from "../../src/host/mod.ts";
import { deviceNamed } from "./machine.ts";

/** The process itself: `vm-tests hold DEVICE PATH`. */
export async function hold(id: string, path: "cdev" | "group"): Promise<number> {
  using sys = openLibc();
  const opened = openDevice(sys, THIS_HOST, deviceNamed(id), path);
  if (opened.kind !== "open") {
    console.log(JSON.stringify(opened));
    return 1;
  }
  using handle = opened.handle;
  const ask = () => {
    const info = vfio_device_info.make({ argsz: vfio_device_info.size });
    sys.ioctl(handle.fd, VFIO_DEVICE_GET_INFO, info);
    const config = new Uint8Array(64);
    sys.pread(handle.fd, config, 7n << 40n);
    return JSON.stringify([[...info], [...config]]);
  };
  const first = ask();
  console.log("holding");
  let changes = 0;
  const timer = setInterval(() => {
    if (ask() !== first) changes++;
  }, 5);
  for await (const _ of Deno.stdin.readable);
  clearInterval(timer);
  console.log(`changes ${changes}`);
  return 0;
}

/**
 * The process `vm-tests grab DEVICE`: opens a device by its ways in turn and closes it, as one that is about to be used
 * is opened, until its standard input ends; says how often, and what the refusals were.
 */
export async function grab(id: string): Promise<number> {
  using sys = openLibc();
  const device = deviceNamed(id);
  let opens = 0;
  const refusals: string[] = [];
  let isOver = false;
  (async () => {
    for await (const _ of Deno.stdin.readable);
    isOver = true;
  })();
  console.log("grabbing");
  while (!isOver) {
    for (const path of ["group", "cdev"] as const) {
      if (path === "cdev" && device.nodes.cdev === null) continue;
      const opened = openDevice(sys, THIS_HOST, device, path);
      opens++;
      if (opened.kind === "open") opened.handle[Symbol.dispose]();
      else refusals.push(`${path}: ${JSON.stringify(opened)}`);
    }
    // Most of the time it is idle, as /proc shows it: only its age tells that it is about to be used.
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  console.log(JSON.stringify({ opens, refusals }));
  return 0;
}

/** A holder that runs. */
export interface Holder {
  pid: number;
  /** Lets it go; gives what it said of changes. */
  release(): Promise<string>;
}

/** Starts a holder and waits until it holds. Throws with what the kernel answered where it cannot. */
export async function startHolder(id: string, path: "cdev" | "group"): Promise<Holder> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["hold", id, path],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  const readUntil = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(said)) {
      const { done, value } = await reader.read();
      if (done) break;
      said += value;
    }
    return said;
  };
  await readUntil(/\n/);
  if (!said.startsWith("holding")) {
    await child.stdin.close();
    await child.status;
    throw new Error(`Cannot hold ${id}: ${said}`);
  }
  return {
    pid: child.pid,
    async release() {
      await child.stdin.close();
      await readUntil(/changes \d+\n/);
      await reader.cancel();
      await child.status;
      return said.split("\n")[1] ?? "";
    },
  };
}
