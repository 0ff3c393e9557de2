import { findGroup, openPeers, type Peers } from "../../ffi/peers.ts";
import { findTokenFile, readToken, rulesProblems } from "../config/mod.ts";
import { makeMeasures } from "../export/mod.ts";
import { keepJournal, openTrial, recoverDevices, testSource } from "../trials/mod.ts";
import { diagnose, openHostView, type ProbeResult, VIEW_DEFAULTS } from "../view/mod.ts";
import { type Problem, type Snapshot, toProblem } from "../documents/mod.ts";
import { type HostEvents, type HostRoots, openHostEvents } from "../host/mod.ts";
import {
  listen,
  makeApp,
  makeAuthorise,
  makeEventStreams,
  oncePerTurn,
  parseListen,
} from "../http/mod.ts";
import { type Log, openLog, openService } from "../systemd/mod.ts";
import { readLedger } from "../ledger/mod.ts";
import { leftAloneMs } from "../tasks/mod.ts";
import { type Command, type Option, type Parsed, YES } from "./command.ts";
import {
  DRIVERS,
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
import { HOOK_FILE_OPTIONS } from "./hook_settings.ts";
import { catchHangups, reloadSettings } from "./reload.ts";
import { CONFIG, configure } from "./settings.ts";
import { timeTasks } from "./time_tasks.ts";

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
    help: "Refresh at most this often when there are no requests (300; 10 without kernel events)",
  },
  ...JUDGE_OPTIONS,
  ...LOOK_OPTIONS,
  ...PREFLIGHT_OPTIONS,
];

/** The options that a configuration file can set: those of serve, of the worker service, and of libvirt's hook. */
export const FILE_OPTIONS: readonly Option[] = [...SERVE_OPTIONS, DRIVERS, ...HOOK_FILE_OPTIONS];

export const command: Command = {
  about: `Serves the HTTP API. A session pins a snapshot of the host:

  POST /v1/sessions, PUT …/source, GET …/offers, GET …/refusals, DELETE

Without a session:

  POST /v1/ask, POST /v1/plans/ID/export, POST /v1/test, POST /v1/outcomes
  GET /v1/devices, /v1/types, /v1/configurations, /v1/supported, /v1/rules, /v1/snapshot,
      /v1/vms, /v1/outcomes, /v1/events, /metrics, /healthz, /readyz, /openapi.json

Everybody who can connect may ask. Preflights and reports of outcomes need the bearer token, or the
Unix socket as root, as the server's user or as a member of --group.

Stops on SIGTERM or SIGINT, after the current requests. On SIGHUP, it reads rules, facts and the
configuration again. The server itself never opens a device: a child process does.`,
  options: [CONFIG, ...SERVE_OPTIONS],
  async run(context) {
    const { terminal } = context;
    const env = (name: string) => Deno.env.get(name);
    const log = openLog(env, terminal.err);
    using hangups = catchHangups();
    const read = () => configure(context, FILE_OPTIONS, serveOptions);
    const started = read();
    const { tcp, unix, looking, groupName, tokenFile, ...live } = started.value;
    const group = groupName === null ? null : groupNumber(groupName);
    const token = readTokenOf(findTokenFile(tokenFile, env("CREDENTIALS_DIRECTORY")));
    const measures = makeMeasures();
    const opened = await context.openWorld(started.parsed);
    const world = { ...opened, access: timeTasks(opened.access, measures) };
    let isReady = false;
    const stopped = stopSignal();
    const stopping = new AbortController();
    let where = "";
    let [lastProbe, note] = ["no probe yet", ""];
    let last: (() => Snapshot) | null = null;
    const status = () => last === null ? "Starting" : statusOf(where, last(), lastProbe) + note;
    using service = openService({ env, log, status });
    // Reset devices that a killed server left behind before serving anything.
    logProblems(log, await recoverDevices(world, live.policy));
    const events = makeEventStreams({ follow: async () => (await view).follow() });
    const results = new Map<string, ProbeResult>();
    const view = openHostView(world, looking, {
      events: tryEvents(world.roots, log),
      onEventsEnd: (error) => log.warning(noEvents(error)),
      onSnapshot: events.publish,
      onResult: (result) => {
        const { device, outcome, sentence } = result;
        results.set(device, { ...result, capabilities: null });
        lastProbe = `last probe of ${device} at ${world.now().toISOString()}: ${outcome}`;
        if (outcome !== "answered") log.warning(sentence, { device, outcome });
        else if (terminal.watched) log.info(`Probed ${device}`);
        const isReset = ({ code }: Problem) => code === "was-reset" || code === "needs-reset";
        logProblems(log, result.capabilities?.problems.filter(isReset) ?? []);
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
      get subsystem() {
        return live.subsystem;
      },
      log,
      events,
      rules: world.readRules,
      readLedger: () => readLedger(world.stateDirectory),
      record: (outcomes) => world.access.record(outcomes),
      now: world.now,
      diagnose: async (snapshot) => {
        const when = { settleMs: looking.settleMs, nowMs: world.now().getTime() };
        const settling = snapshot.devices.filter(({ since }) => leftAloneMs(since, when) > 0);
        const observed = {
          snapshot,
          results: [...results.values()],
          settling: settling.map(({ id }) => id),
        };
        return await diagnose(world, observed, { mayAsk: looking.mode !== "never" });
      },
      test: (snapshot, source, target) =>
        testSource(world, snapshot, source, target, { ...live.policy, subsystem: live.subsystem }),
      openTrial: (snapshot, source, { order }) => {
        const onProblems = (problems: readonly Problem[]) => logProblems(log, problems);
        return openTrial(world, snapshot, source, { ...live.policy, order, onProblems });
      },
      machines: (xmlOf) => world.access.readMachines({ xmlOf, secrets: false }),
      stopping: stopping.signal,
      authorise: makeAuthorise({ token, group, uid: Deno.uid(), callers: callersOn(unix) }),
      notReady: () => isReady ? [] : ["The server has not looked at the host yet, or is stopping"],
      measures,
    });
    const server = await listen(
      { tcp, unix, group },
      (request, arrival) => app.fetch(request, arrival),
    );
    where = server.addresses.join(" and ");
    terminal.out(`vfio-ask ${context.version} listens on ${where}\n`);
    await using _journal = keepJournal(world, {
      ...live.policy,
      onProblems: (problems) => logProblems(log, problems),
    });
    const { last: lastOf, newest } = await view;
    await newest();
    last = lastOf;
    isReady = true;
    service.ready();
    hangups.start(async () => {
      service.reloading();
      note = reloadSettings(live, { started, options: FILE_OPTIONS, read, log });
      // A younger look may have read the rules and facts before the signal.
      await new Promise((resolve) => setTimeout(resolve, looking.freshMs + 1));
      await newest().catch((error) => logProblems(log, [toProblem(error, "host")]));
      logProblems(log, [...rulesProblems(world.readRules()), ...world.readFacts().problems]);
      service.ready();
    });
    const signal = await stopped;
    isReady = false;
    service.stopping();
    log.info(`${signal}, stopping`);
    stopping.abort();
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
  const groupName = text(parsed, "group");
  if (groupName !== null && unix === null) {
    const sentence = "--group without --unix: there is no socket to share";
    throw usage(sentence, "Use --unix PATH.", "--group");
  }
  if (groupName !== null && !/^[\w][\w.-]{0,31}$/.test(groupName)) {
    throw wrongValue("group", groupName, "not the name or number of a group", "vfio-ask");
  }
  const refresh = milliseconds(parsed, "refresh");
  const refreshMs = refresh === null ? null : Math.max(refresh, 100);
  const looking = { ...VIEW_DEFAULTS, refreshMs, ...probeOptions(parsed) };
  const policy = preflightPolicy(parsed);
  const tokenFile = text(parsed, "token-file");
  const subsystem = subsystemMode(parsed);
  return { tcp, unix, groupName, tokenFile, looking, policy, subsystem };
}

/** The number of a group, by name or number. Throws a Failure if this machine has no such group. */
function groupNumber(name: string): number {
  const number = /^\d{1,9}$/.test(name) ? Number(name) : findGroup(name);
  if (number !== null) return number;
  const sentence = `--group ${name}: this machine has no such group`;
  throw usage(sentence, `Run groupadd --system ${name}.`, "--group");
}

function readTokenOf(file: string | null): ReturnType<typeof readToken> | null {
  return file === null ? null : readToken(file);
}

/** Lists the callers on the Unix socket. Loads libc when they are asked for. */
function callersOn(unix: string | null): () => ReturnType<Peers["list"]> {
  let peers: Peers | null = null;
  return () => unix === null ? [] : (peers ??= openPeers(unix)).list();
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
