/**
 * The sockets that a process listens on: `127.0.0.1:7431`, or a path. Source: /proc/PID/fd, and the tables of sockets
 * in /proc/net.
 */
export function listenersOf(pid: number): string[] {
  const inodes = new Set<string>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed since the directory was read.
    }
  }
  const rows = (table: string) =>
    Deno.readTextFileSync(`/proc/net/${table}`).split("\n").slice(1)
      .map((row) => row.trim().split(/\s+/));
  const tcp = ["tcp", "tcp6"].flatMap(rows)
    .filter(([, , , state, , , , , , inode]) => state === LISTEN && inodes.has(inode!))
    .map(([, address]) => shownAddress(address!));
  const unix = rows("unix")
    .filter(([, , , flags, , , inode]) => flags === ACCEPTS && inodes.has(inode!))
    .map(([, , , , , , , path]) => path ?? "");
  return [...tcp, ...unix].sort();
}

/** TCP_LISTEN. */
const LISTEN = "0A";
/** SO_ACCEPTCON. */
const ACCEPTS = "00010000";

/** `0100007F:1D07` as `127.0.0.1:7431`; an IPv6 address in hexadecimal digits. */
function shownAddress(address: string): string {
  const [host, port] = address.split(":") as [string, string];
  const number = parseInt(port, 16);
  if (host.length > 8) return `[${host}]:${number}`;
  const bytes = [6, 4, 2, 0].map((at) => parseInt(host.slice(at, at + 2), 16));
  return `${bytes.join(".")}:${number}`;
}
