/** Runs the shell commands of the cases on the host where the cases themselves do not run. */

/** What a shell command printed. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command for bash, as a user types it. */
export interface Typed {
  command: string;
  stdin: string;
  timeoutMs: number;
}

/** Where hostb's agent listens. */
export const AGENT = { hostname: "10.9.0.2", port: 7000 };

/** Runs a command with bash. A command that takes too long is ended, with exit code 124. */
export async function runTyped({ command, stdin, timeoutMs }: Typed): Promise<Ran> {
  const words = ["--kill-after=5", String(timeoutMs / 1000), "bash", "-c", command];
  const child = new Deno.Command("timeout", {
    args: words,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Serves commands until it is asked to stop. */
export async function serveCommands(): Promise<void> {
  const stop = new AbortController();
  const server = Deno.serve(
    { ...AGENT, signal: stop.signal, onListen: () => {} },
    async (request) => {
      if (request.method === "DELETE") {
        setTimeout(() => stop.abort(), 100);
        return new Response();
      }
      return Response.json(await runTyped(await request.json()));
    },
  );
  await server.finished;
}
