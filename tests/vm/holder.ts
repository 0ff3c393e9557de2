/**
 * A process that holds a device like a virtual machine. It opens the device, prints `holding`, queries the device
 * until its standard input ends, and prints how often an answer differed from the first one.
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
 * The process `vm-tests grab DEVICE`. Like a virtual machine that starts, it opens and closes a device by each path in
 * turn. When its standard input ends, it prints the number of opens and the refusals.
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
    // Most of the time /proc shows the device as idle. Only its age shows that it may be about to be used.
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  console.log(JSON.stringify({ opens, refusals }));
  return 0;
}

/** A running holder. */
export interface Holder {
  pid: number;
  /** Releases the device; returns the line about changes. */
  release(): Promise<string>;
}

/** Starts a holder and waits until it holds the device. If it cannot, throws with the kernel's answer. */
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
