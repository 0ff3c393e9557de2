/**
 * A demo of the main function on a simulated host: starts the server, asks for a source over HTTP, prints offers and
 * refusals, and leaves the server running.
 *
 *   deno task demo [SCENARIO] [--listen 127.0.0.1:7431] [--once]
 */
import { parseArgs } from "@std/cli/parse-args";
import { formatAnswer } from "../src/cli/format_answer.ts";

const options = parseArgs(Deno.args, { string: ["listen", "_"], boolean: ["once"] });
const scenario = options._[0] ?? "gpu-host";
const listen = options.listen ?? "127.0.0.1:7431";

console.log(`$ vfio-ask serve --simulate ${scenario} --listen ${listen}`);
const server = new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    "--quiet",
    "-A",
    "main.ts",
    "serve",
    "--simulate",
    `${scenario}`,
    "--listen",
    listen,
  ],
  stdin: "null",
  stdout: "piped",
}).spawn();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => server.kill(signal));
}
const url = await addressOf(server.stdout);

// A source on another host: the identity of a busy device, as if that host were equal to this one.
const source = await findSource();
console.log(
  `\n$ curl --json @source.json ${url}/v1/ask     # a machine on ${source.host.name} uses ${source.id}`,
);
const response = await fetch(`${url}/v1/ask`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(source),
});
console.log(formatAnswer(await response.json()));

if (options.once) server.kill("SIGTERM");
else console.log(`The server answers on ${url} until you press Ctrl-C: try curl ${url}/v1/devices`);
Deno.exit((await server.status).code);

async function findSource() {
  for (;;) {
    const { devices } = await (await fetch(`${url}/v1/devices`)).json();
    const asked = devices.filter((device: Device) => device.migration.uapi !== "unknown");
    const busy = asked.find((device: Device) =>
      device.use.state === "in-use" && device.migration.uapi === "v2"
    );
    if (busy !== undefined) {
      const identity = await (await fetch(`${url}/v1/devices/${busy.id}/identity`)).json();
      return { ...identity, host: { ...identity.host, name: "hv-17", bootId: "of-hv-17" } };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Device {
  id: string;
  use: { state: string };
  migration: { uapi: string };
}

/** Copies the output of the server. Returns the address that it prints. */
async function addressOf(stdout: ReadableStream<Uint8Array>): Promise<string> {
  const [ours, shown] = stdout.tee();
  shown.pipeTo(Deno.stdout.writable, { preventClose: true }).catch(() => {});
  let text = "";
  for await (const chunk of ours.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const found = text.match(/http:\S+/);
    if (found !== null) return found[0];
  }
  Deno.exit((await server.status).code || 1);
}
