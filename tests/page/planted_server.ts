import { plantHost, type Scenario } from "../../src/simulator/mod.ts";

/** A server on a planted or simulated host. */
export interface PageServer extends AsyncDisposable {
  url: string;
  /** The planted host, below which a test may change files. Empty for a simulated host. */
  directory: string;
}

/** Starts the program on a host of a scenario. No device is opened. */
export async function servePlanted(
  scenario: Scenario,
  args: readonly string[] = [],
): Promise<PageServer> {
  const directory = await Deno.makeTempDir({ prefix: "vfio-ask-page-" });
  const { sys, dev, proc } = plantHost(scenario, directory);
  await Deno.mkdir(`${directory}/rules`, { recursive: true });
  const server = await serve([
    ...["--sysfs", sys, "--dev", dev, "--proc", proc, "--state", `${directory}/state`],
    ...["--rules", `${directory}/rules`, "--facts", `${directory}/facts`, "--probe", "never"],
    ...args,
  ]);
  return {
    url: server.url,
    directory,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Starts the program on one of its simulated hosts, and waits until its devices were asked. */
export async function serveSimulated(name: string): Promise<PageServer> {
  const server = await serve(["--simulate", name]);
  for (;;) {
    const { devices } = await (await fetch(`${server.url}/v1/devices`)).json() as {
      devices: { use: { state: string }; migration: { observed: string } }[];
    };
    if (devices.some(({ migration }) => migration.observed === "probed")) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return server;
}

async function serve(args: readonly string[]): Promise<PageServer> {
  const child = new Deno.Command(Deno.env.get("VFIO_ASK_BINARY")!, {
    args: ["serve", "--listen", "127.0.0.1:0", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The server ended: ${said}`);
    said += value;
  }
  return {
    url: /http:\/\/[^\s]+/.exec(said)![0],
    directory: "",
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
    },
  };
}
