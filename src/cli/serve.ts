import { keepJournal, openTrial, recoverDevices, testSource } from "../trials/mod.ts";
import { openHostView, VIEW_DEFAULTS } from "../view/mod.ts";
import { escaped, type Problem } from "../documents/mod.ts";
import { listen, makeApp, oncePerTurn, parseListen } from "../http/mod.ts";
import { openService } from "../systemd/mod.ts";
import { type Command, type Option, type Parsed, YES } from "./command.ts";
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
      /metrics, /healthz

Stops on SIGTERM or SIGINT, after the current requests. The server itself never opens a device: a
child process does.`,
  options: SERVE_OPTIONS,
  async run(context) {
    const { terminal } = context;
    const { tcp, unix, looking, policy } = serveOptions(context);
    const subsystem = subsystemMode(context);
    const world = await context.openWorld();
    const stopped = stopSignal();
    const stopping = new AbortController();
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
      openTrial: (snapshot, source, { order }) => {
        const onProblems = (problems: readonly Problem[]) => tellProblems(terminal, problems);
        return openTrial(world, snapshot, source, { ...policy, order, onProblems });
      },
      stopping: stopping.signal,
    });
    const server = await listen({ tcp, unix }, (request, arrival) => app.fetch(request, arrival));
    const where = server.addresses.join(" and ");
    terminal.out(`vfio-ask ${context.version} listens on ${where}\n`);
    await using _journal = keepJournal(world, {
      ...policy,
      onProblems: (problems) => tellProblems(terminal, problems),
    });
    const { devices, types } = await (await view).newest();
    service.ready(`Answering on ${where}: ${devices.length} devices, ${types.length} types`);
    const signal = await stopped;
    service.stopping();
    stopping.abort();
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
  const refreshMs = Math.max(milliseconds(parsed, "refresh") ?? VIEW_DEFAULTS.refreshMs, 100);
  const looking = { ...VIEW_DEFAULTS, refreshMs, ...probeOptions(parsed) };
  return { tcp, unix, looking, policy: preflightPolicy(parsed) };
}

/** The first SIGTERM or SIGINT. */
function stopSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}
