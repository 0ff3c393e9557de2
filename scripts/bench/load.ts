import { join } from "@std/path";
import { run, WORKSHOP } from "./build.ts";

/** The output of load.c: the number of answers, the duration, and the time of the slowest answer. */
export interface Load {
  answers: number;
  ms: number;
  slowestMs: number;
}

/** Keeps a server busy for a while. Throws if an answer is not 200. */
export async function loadServer(
  load: string,
  { port, connections, ms, request }: {
    port: number;
    connections: number;
    ms: number;
    request: string;
  },
): Promise<Load> {
  const text = await run(load, [port, connections, ms, request].map(String));
  const [answers, took, slowestMs] = text.trim().split(" ").map(Number) as [number, number, number];
  return { answers, ms: took, slowestMs };
}

/** Writes a complete request to a file for load.c. Returns the path. */
export function writeRequest(
  name: string,
  { method, path, body }: { method: string; path: string; body?: unknown },
): string {
  const bytes = new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body));
  const head = [
    `${method} ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${bytes.length}`,
    "",
    "",
  ].join("\r\n");
  const file = join(WORKSHOP, `${name}.request`);
  Deno.writeFileSync(file, new Uint8Array([...new TextEncoder().encode(head), ...bytes]));
  return file;
}
