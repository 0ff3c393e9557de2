/** How often to look whether a listener is still there. */
const LOOK_MS = 2_000;

/**
 * Keeps an address served. Deno closes a listener for good when it cannot accept a connection, as with too many open
 * files, and does not say so while a connection of it is open. So this calls `serve` again and again: it throws while
 * the address is in use. When it does not, there is a new listener, and this prints that. Open connections go on.
 */
export function keepServing(
  address: string,
  first: Deno.HttpServer,
  serve: () => Deno.HttpServer | Promise<Deno.HttpServer>,
): Pick<Deno.HttpServer, "shutdown"> {
  const servers: Deno.HttpServer[] = [];
  let isEnded = false;
  let looking: Promise<void> | null = null;
  const add = (server: Deno.HttpServer): void => {
    server.finished.catch(() => {});
    servers.push(server);
  };
  const look = async (): Promise<void> => {
    const server = await Promise.resolve().then(serve).catch(() => null);
    if (server === null) return;
    add(server);
    console.error(`vfio-ask: the listener on ${address} was closed, and is open again.`);
  };
  add(first);
  const timer = setInterval(() => {
    if (isEnded) return;
    looking ??= look().finally(() => looking = null);
  }, LOOK_MS);
  return {
    async shutdown() {
      isEnded = true;
      clearInterval(timer);
      await looking;
      await Promise.all(servers.map((server) => server.shutdown().catch(() => {})));
    },
  };
}
