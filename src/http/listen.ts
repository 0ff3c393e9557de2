import { Failure } from "../documents/mod.ts";
import { keepServing } from "./keep_serving.ts";

/** Where a server listens. */
export interface Listen {
  /** A loopback address, or null for no TCP. Port 0 means any free port. */
  tcp: { hostname: string; port: number } | null;
  /** A path for a Unix socket, or null for none. */
  unix: string | null;
  /** The number of the group that may use the Unix socket; null for none. */
  group?: number | null;
}

/** A listening server; `addresses` are its URLs and socket paths. */
export interface Listening {
  addresses: string[];
  /** Waits for current requests up to a time limit, then closes. */
  drain(limitMs: number): Promise<void>;
}

type Handle = (
  request: Request,
  arrival: { unix: boolean; readonly completed: Promise<void> },
) => Response | Promise<Response>;

/**
 * Listens on loopback, on a Unix socket, or both. Replaces a stale socket file. The new one has mode 0600, or 0660 and
 * the group, so that the kernel refuses everybody else. Throws a {@link Failure} if an address is in use or not permitted.
 */
export async function listen(
  { tcp, unix, group = null }: Listen,
  handle: Handle,
): Promise<Listening> {
  // This variable overrides the address that is passed to Deno.serve().
  Deno.env.delete("DENO_SERVE_ADDRESS");
  const servers: Pick<Deno.HttpServer, "shutdown">[] = [];
  const addresses: string[] = [];
  if (tcp !== null) {
    const options = { ...tcp, onListen: () => {} };
    const serve = () =>
      starting(
        `${tcp.hostname}:${options.port}`,
        () => Deno.serve(options, (request, info) => handle(request, arrival(false, info))),
      );
    const server = serve();
    const { hostname, port } = server.addr as Deno.NetAddr;
    options.port = port;
    const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
    servers.push(keepServing(url, server, serve));
    addresses.push(url);
  }
  if (unix !== null) {
    const serve = async () => {
      await removeStaleSocket(unix);
      const options = { path: unix, onListen: () => {} };
      const server = starting(
        unix,
        () =>
          withUmask(
            0o177,
            () => Deno.serve(options, (request, info) => handle(request, arrival(true, info))),
          ),
      );
      if (group !== null) await shareWith(group, unix);
      return server;
    };
    servers.push(keepServing(unix, await serve(), serve));
    addresses.push(`unix:${unix}`);
  }
  return {
    addresses,
    async drain(limitMs) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const limit = new Promise<void>((resolve) => timer = setTimeout(resolve, limitMs));
      await Promise.race([Promise.all(servers.map((server) => server.shutdown())), limit]);
      clearTimeout(timer);
      if (unix !== null) await Deno.remove(unix).catch(() => {});
    },
  };
}

/** Reads `HOST:PORT`, which must be loopback, or `none`. Throws a {@link Failure}. */
export function parseListen(text: string): Listen["tcp"] {
  if (text === "none") return null;
  const match = /^(?:(127(?:\.\d{1,3}){3}|localhost|\[::1\]):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) {
    throw new Failure("bad-input", `--listen ${text}: not a loopback address with a port`, {
      subject: "--listen",
      remedy: "Use --listen 127.0.0.1:7431 or --listen none. Other hosts cannot be served.",
    });
  }
  const hostname = (match[1] ?? "127.0.0.1").replace(/^\[|\]$/g, "");
  return { hostname: hostname === "localhost" ? "127.0.0.1" : hostname, port };
}

/** How a request arrived. `completed` is made when it is used. */
function arrival(unix: boolean, info: Deno.ServeHandlerInfo) {
  return {
    unix,
    get completed() {
      return info.completed;
    },
  };
}

function withUmask<T>(mask: number, run: () => T): T {
  const before = Deno.umask(mask);
  try {
    return run();
  } finally {
    Deno.umask(before);
  }
}

/** Gives a socket to a group. Its members may use it from then on. */
async function shareWith(group: number, path: string): Promise<void> {
  try {
    // The server's own group needs no change of the owner, which a service manager may forbid.
    if (Deno.lstatSync(path).gid !== group) await Deno.chown(path, null, group);
    await Deno.chmod(path, 0o660);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : cause;
    throw new Failure("not-permitted", `Cannot give ${path} to the group ${group}: ${why}`, {
      subject: "--group",
      remedy: "Run the server as root, or as a member of the group.",
      cause,
    });
  }
}

function starting<T>(address: string, start: () => T): T {
  try {
    return start();
  } catch (cause) {
    const [why, remedy] = cause instanceof Deno.errors.AddrInUse
      ? ["the address is in use", "Stop the server that listens there, or choose"]
      : [cause instanceof Error ? cause.message : cause, "Choose"];
    throw new Failure("bad-input", `Cannot listen on ${address}: ${why}`, {
      subject: address,
      remedy: `${remedy} another address with --listen or --unix.`,
      cause,
    });
  }
}

/** Removes a socket that a killed server left behind, but no active socket and no other file. */
async function removeStaleSocket(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => null);
  if (info === null || !info.isSocket) return;
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch {
    await Deno.remove(path);
  }
}
