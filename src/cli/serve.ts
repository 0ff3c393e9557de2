import { keepJournal, recoverDevices, testCandidates, testSource } from "../trials/mod.ts";
import { openHostView, VIEW_DEFAULTS } from "../view/mod.ts";
import { type Problem, type Snapshot, toProblem } from "../documents/mod.ts";
import { rulesProblems } from "../config/mod.ts";
import { type HostEvents, type HostRoots, openHostEvents } from "../host/mod.ts";
import { listen, makeApp, makeEventStreams, oncePerTurn, parseListen } from "../http/mod.ts";
import { type Log, openLog, openService } from "../systemd/mod.ts";
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
import { catchHangups, reloadSettings } from "./reload.ts";
import { CONFIG, configure } from "./settings.ts";

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
    help: "Refresh at most this often when there are no requests (300; 10 without kernel events)",
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
      /v1/events, /metrics, /healthz

Stops on SIGTERM or SIGINT, after the current requests. On SIGHUP, it reads rules, facts and the
configuration again. The server itself never opens a device: a child process does.`,
  options: [CONFIG, ...SERVE_OPTIONS],
  async run(context) {
    const { terminal } = context;
    const env = (name: string) => Deno.env.get(name);
    const log = openLog(env, terminal.err);
    using hangups = catchHangups();
    const read = () => configure(context, SERVE_OPTIONS, serveOptions);
    const started = read();
    const { tcp, unix, looking, ...live } = started.value;
    const world = await context.openWorld(started.parsed);
    const stopped = stopSignal();
    let where = "";
    let [lastProbe, note] = ["no probe yet", ""];
    let last: (() => Snapshot) | null = null;
    const status = () => last === null ? "Starting" : statusOf(where, last(), lastProbe) + note;
    using service = openService({ env, log, status });
    // Reset devices that a killed server left behind before serving anything.
    logProblems(log, await recoverDevices(world, live.policy));
    const events = makeEventStreams({ follow: async () => (await view).follow() });
    const view = openHostView(world, looking, {
      events: tryEvents(world.roots, log),
      onEventsEnd: (error) => log.warning(noEvents(error)),
      onSnapshot: events.publish,
      onResult: ({ device, outcome, sentence }) => {
        lastProbe = `last probe of ${device} at ${world.now().toISOString()}: ${outcome}`;
        if (outcome !== "answered") log.warning(sentence, { device, outcome });
        else if (terminal.watched) log.info(`Probed ${device}`);
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
      get subsystem() {
        return live.subsystem;
      },
      log,
      events,
      rules: world.readRules,
      test: (snapshot, source, target) =>
        testSource(world, snapshot, source, target, { ...live.policy, subsystem: live.subsystem }),
      testAll: async (snapshot, source) => {
        const tested = await testCandidates(world, snapshot, source, live.policy);
        logProblems(log, tested.problems);
        return tested;
      },
    });
    const server = await listen({ tcp, unix }, (request, arrival) => app.fetch(request, arrival));
    where = server.addresses.join(" and ");
    terminal.out(`vfio-ask ${context.version} listens on ${where}\n`);
    await using _journal = keepJournal(world, {
      ...live.policy,
      onProblems: (problems) => logProblems(log, problems),
    });
    const { last: lastOf, newest } = await view;
    await newest();
    last = lastOf;
    service.ready();
    hangups.start(async () => {
      service.reloading();
      note = reloadSettings(live, { started, options: SERVE_OPTIONS, read, log });
      // A younger look may have read the rules and facts before the signal.
      await new Promise((resolve) => setTimeout(resolve, looking.freshMs + 1));
      await newest().catch((error) => logProblems(log, [toProblem(error, "host")]));
      logProblems(log, [...rulesProblems(world.readRules()), ...world.readFacts().problems]);
      service.ready();
    });
    const signal = await stopped;
    service.stopping();
    log.info(`${signal}, stopping`);
    events.end();
    await server.drain(DRAIN_MS);
    return YES;
  },
};

/** The events of the kernel. Null if there are none, which is reported unless the host is a simulated one. */
function tryEvents(roots: HostRoots, log: Log): HostEvents | null {
  try {
    return openHostEvents(roots);
  } catch (error) {
    log.warning(noEvents(error));
    return null;
  }
}

function noEvents(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `Cannot receive kernel events, so the host is read every ten seconds: ${why}`;
}

/** The state of the server in one line. */
function statusOf(where: string, { devices, types, snapshot }: Snapshot, probe: string): string {
  const counts = `${devices.length} devices, ${types.length} types, snapshot ${snapshot}`;
  return `Answering on ${where}: ${counts}, ${probe}`;
}

/** Reads all options of serve. Throws a Failure that names the invalid one. */
export function serveOptions(parsed: Parsed) {
  const tcp = parseListen(text(parsed, "listen") ?? "127.0.0.1:7431");
  const unix = text(parsed, "unix");
  if (tcp === null && unix === null) {
    const sentence = "--listen none without --unix: nothing to listen on";
    throw usage(sentence, "Use --unix PATH.", "--listen");
  }
  const refresh = milliseconds(parsed, "refresh");
  const refreshMs = refresh === null ? null : Math.max(refresh, 100);
  const looking = { ...VIEW_DEFAULTS, refreshMs, ...probeOptions(parsed) };
  const policy = preflightPolicy(parsed);
  return { tcp, unix, looking, policy, subsystem: subsystemMode(parsed) };
}

/** Logs problems, each with its remedy. */
function logProblems(log: Log, problems: readonly Problem[]): void {
  for (const { code, subject, sentence, remedy } of problems) {
    log.warning(remedy === null ? sentence : `${sentence}. ${remedy}`, { subject, code });
  }
}

/** The first SIGTERM or SIGINT. */
function stopSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}
