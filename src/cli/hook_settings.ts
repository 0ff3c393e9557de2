import { parseListen } from "../http/mod.ts";
import type { HookPolicy, ServiceAddress } from "../hook/mod.ts";
import type { Option, Parsed } from "./command.ts";
import { text, usage } from "./options.ts";

/** The options of the hook that a configuration file can set. The server ignores them. */
export const HOOK_FILE_OPTIONS: readonly Option[] = [
  {
    name: "hook-policy",
    value: "POLICY",
    help: "What libvirt's hook does about an incoming migration (log)",
    choices: ["log", "refuse", "place"] satisfies readonly HookPolicy[],
  },
  {
    name: "hook-place-unknown",
    help: "Let the hook also place on a configuration of unknown verdict",
  },
];

/** All settings that the hook reads: its own, and where the service listens. */
export const HOOK_SETTINGS: readonly Option[] = [
  ...HOOK_FILE_OPTIONS,
  {
    name: "listen",
    value: "HOST:PORT",
    help: "Address of the service, or none (127.0.0.1:7431)",
  },
  { name: "unix", value: "PATH", help: "Unix socket of the service, which is preferred" },
];

/** The settings of the hook. Throws a Failure that names the invalid one. */
export function hookSettings(
  parsed: Parsed,
): { policy: HookPolicy; placeUnknown: boolean; address: ServiceAddress } {
  const unix = text(parsed, "unix");
  const tcp = parseListen(text(parsed, "listen") ?? "127.0.0.1:7431");
  const policy = (text(parsed, "hook-policy") ?? "log") as HookPolicy;
  const placeUnknown = parsed.options["hook-place-unknown"] === true;
  if (unix !== null) return { policy, placeUnknown, address: { unix } };
  if (tcp === null) {
    throw usage("--listen none without --unix: there is no service to ask", "Use --unix PATH.");
  }
  const { hostname, port } = tcp;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return { policy, placeUnknown, address: { base: `http://${host}:${port}` } };
}
