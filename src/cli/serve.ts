import { findGroup, openPeers, type Peers } from "../../ffi/peers.ts";
import { findTokenFile, readToken } from "../config/mod.ts";
import { makeMeasures } from "../export/mod.ts";
import { keepJournal, recoverDevices, testCandidates, testSource } from "../trials/mod.ts";
import { openHostView, VIEW_DEFAULTS } from "../view/mod.ts";
import { escaped } from "../documents/mod.ts";
import { type Log, makeApp, makeAuthorise, oncePerTurn } from "../http/mod.ts";
import { listen, parseListen } from "../http/mod.ts";
import { openService } from "../systemd/mod.ts";
import { type Command, type Option, type Parsed, type Terminal, YES } from "./command.ts";
import { timeTasks } from "./time_tasks.ts";
import {
  JUDGE_OPTIONS,
  LOOK_OPTIONS,
  milliseconds,
  PREFLIGHT_OPTIONS,
  preflightPolicy,
  probeOptions,
  subsystemMode,
  text,
  usage,
  wrongValue,
} from "./options.ts";
import { tellProblems } from "./words.ts";

/** How long current requests may take when the server stops. */
const DRAIN_MS = 5_000;

/** All options of serve. */
export const SERVE_OPTIONS: readonly Option[] = [
  {
    name: "listen",
    value: "HOST:PORT",
    help: "Loopback address to listen on, or none (127.0.0.1:7431)",
  },
  { name: "unix", value: "PATH", help: "Unix socket to listen on" },
  {
    name: "worker",
    value: "PATH",
    help: "Socket of the worker service, which opens devices instead of a child process",
  },
  {
    name: "group",
    value: "NAME",
    help: "Group that may use the Unix socket, also to start preflights (none)",
  },
  {
    name: "token-file",
    value: "PATH",
    help: "File with the bearer token that permits preflights ($CREDENTIALS_DIRECTORY/token)",
  },
  {
    name: "refresh",
    value: "SECONDS",
    help: "Refresh at most this often when there are no requests (10)",
  },
  ...JUDGE_OPTIONS,
  ...LOOK_OPTIONS,
  ...PREFLIGHT_OPTIONS,
];

export const command: Command = {
  about: `Serves the HTTP API. A session pins a snapshot of the host:

  POST /v1/sessions, PUT …/source, GET …/offers, GET …/refusals, DELETE

Without a session:

  POST /v1/ask, POST /v1/test
  GET /v1/devices, /v1/types, /v1/configurations, /v1/supported, /v1/rules, /v1/snapshot,
      /metrics, /healthz, /readyz, /openapi.json

Everybody who can connect may ask. Preflights need the bearer token, or the Unix socket as root, as
the server's user or as a member of --group.

Stops on SIGTERM or SIGINT, after the current requests. The server itself never opens a device: a
child process does.`,
  options: SERVE_OPTIONS,
  async run(context) {
    const { terminal } = context;
    const { tcp, unix, looking, policy, ...options } = serveOptions(context);
    const group = options.group === null ? null : groupNumber(options.group);
    const tokenFile = findTokenFile(options.tokenFile, Deno.env.get("CREDENTIALS_DIRECTORY"));
    const token = tokenFile === null ? null : readToken(tokenFile);
    const subsystem = subsystemMode(context);
    const measures = makeMeasures();
    const opened = await context.openWorld();
    const world = { ...opened, access: timeTasks(opened.access, measures) };
    let isReady = false;
    const stopped = stopSignal();
    using service = openService(
      (name) => Deno.env.get(name),
      (message) => terminal.err(`${message}\n`),
    );
    // Reset devices that a killed server left behind before serving anything.
    tellProblems(terminal, await recoverDevices(world, policy));
    const view = openHostView(world, looking, {
      onResult: ({ device, outcome, sentence }) => {
        if (outcome !== "answered") terminal.err(`vfio-ask: ${escaped(sentence)}.\n`);
        else if (terminal.watched) terminal.err(`probed ${device}: ${outcome}\n`);
      },
      onLook: (since) => measures.time("scan", since),
    });
    // The first request reports a failure to observe the host; until then, it must not be unhandled.
    const looked = view.catch(() => null);
    // Close the view even if the server cannot listen.
    await using _view = {
      [Symbol.asyncDispose]: async () => await (await looked)?.[Symbol.asyncDispose](),
    };
    const app = makeApp({
      newest: oncePerTurn(async (named) => await (await view).newest(named)),
      last: async () => (await view).last(),
      nowMs: () => world.now().getTime(),
      version: context.version,
      subsystem,
      rules: world.readRules,
      test: (snapshot, source, target) =>
        testSource(world, snapshot, source, target, { ...policy, subsystem }),
      testAll: async (snapshot, source) => {
        const tested = await testCandidates(world, snapshot, source, policy);
        tellProblems(terminal, tested.problems);
        return tested;
      },
      authorise: makeAuthorise({ token, group, uid: Deno.uid(), callers: callersOn(unix) }),
      notReady: () => isReady ? [] : ["The server has not looked at the host yet, or is stopping"],
      log: logTo(terminal),
      measures,
    });
    const server = await listen(
      { tcp, unix, group },
      (request, arrival) => app.fetch(request, arrival),
    );
    const where = server.addresses.join(" and ");
    terminal.out(`vfio-ask ${context.version} listens on ${where}\n`);
    await using _journal = keepJournal(world, {
      ...policy,
      onProblems: (problems) => tellProblems(terminal, problems),
    });
    const { devices, types } = await (await view).newest();
    isReady = true;
    service.ready(`Answering on ${where}: ${devices.length} devices, ${types.length} types`);
    const signal = await stopped;
    isReady = false;
    service.stopping();
    terminal.err(`vfio-ask: ${signal}, stopping\n`);
    await server.drain(DRAIN_MS);
    return YES;
  },
};

/** Reads all options of serve. Throws a Failure that names the invalid one. */
export function serveOptions(parsed: Parsed) {
  const tcp = parseListen(text(parsed, "listen") ?? "127.0.0.1:7431");
  const unix = text(parsed, "unix");
  if (tcp === null && unix === null) {
    throw usage("--listen none without --unix: nothing to listen on", "Use --unix PATH.");
  }
  const group = text(parsed, "group");
  if (group !== null && unix === null) {
    throw usage("--group without --unix: there is no socket to share", "Use --unix PATH.");
  }
  if (group !== null && !/^[\w][\w.-]{0,31}$/.test(group)) {
    throw wrongValue("group", group, "not the name or number of a group", "vfio-ask");
  }
  const refreshMs = Math.max(milliseconds(parsed, "refresh") ?? VIEW_DEFAULTS.refreshMs, 100);
  const looking = { ...VIEW_DEFAULTS, refreshMs, ...probeOptions(parsed) };
  const tokenFile = text(parsed, "token-file");
  return { tcp, unix, group, tokenFile, looking, policy: preflightPolicy(parsed) };
}

/** The number of a group, by name or number. Throws a Failure if this machine has no such group. */
function groupNumber(name: string): number {
  const number = /^\d{1,9}$/.test(name) ? Number(name) : findGroup(name);
  if (number !== null) return number;
  throw usage(`--group ${name}: this machine has no such group`, `Run groupadd --system ${name}.`);
}

/** Lists the callers on the Unix socket. Loads libc when they are asked for. */
function callersOn(unix: string | null): () => ReturnType<Peers["list"]> {
  let peers: Peers | null = null;
  return () => unix === null ? [] : (peers ??= openPeers(unix)).list();
}

/** Writes messages with their fields to standard error. */
function logTo(terminal: Terminal): Log {
  const write = (message: string, fields: Readonly<Record<string, string | number>> = {}) => {
    const told = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`).join("");
    terminal.err(`vfio-ask: ${escaped(message + told)}\n`);
  };
  return { warning: write, error: write };
}

/** The first SIGTERM or SIGINT. */
function stopSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}
