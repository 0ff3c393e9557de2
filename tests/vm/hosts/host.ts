/** The two hosts: commands on them, domains and mediated devices. The cases run on hosta; hostb has an agent. */
import { assertEquals } from "@std/assert";
import { AGENT, type Ran, runTyped, type Typed } from "./agent.ts";
import { sleep } from "../machine.ts";

const AGENT_URL = `http://${AGENT.hostname}:${AGENT.port}/`;
/** Longer than the slowest command takes. Only a defect reaches it. */
const TIMEOUT_MS = 120_000;
/** The longest output of a command that is printed. */
const MAX_PRINTED = 1500;

/** A host on which a user types commands. */
export interface Host {
  name: "hosta" | "hostb";
  /** Runs a command; prints it with its exit code and its errors. */
  run(command: string, options?: { stdin?: string }): Promise<Ran>;
  /** Runs a command that must succeed; returns what it printed on standard output. */
  must(command: string, options?: { stdin?: string }): Promise<string>;
  /** Runs a command with an expected exit code; returns its JSON. */
  // deno-lint-ignore no-explicit-any
  json(command: string, options?: { stdin?: string; code?: number }): Promise<any>;
}

export const hosta = hostNamed("hosta", runTyped);
export const hostb = hostNamed("hostb", runOnHostb);

/** The host that is not this one. */
export function otherThan(host: Host): Host {
  return host === hosta ? hostb : hosta;
}

function hostNamed(name: Host["name"], runOn: (typed: Typed) => Promise<Ran>): Host {
  const run: Host["run"] = async (command, { stdin = "" } = {}) => {
    const started = performance.now();
    const ran = await runOn({ command, stdin, timeoutMs: TIMEOUT_MS });
    const took = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name}# ${command}   [exit ${ran.code}, ${took} s]`);
    const said = ran.stderr || (ran.code === 0 || ran.stdout.startsWith("{") ? "" : ran.stdout);
    if (said !== "") console.log(said.slice(0, MAX_PRINTED).trimEnd());
    return ran;
  };
  const must: Host["must"] = async (command, options) => {
    const ran = await run(command, options);
    assertEquals(ran.code, 0, `${command}: ${ran.stderr}${ran.stdout}`);
    return ran.stdout;
  };
  const json: Host["json"] = async (command, { code = 0, ...options } = {}) => {
    const ran = await run(command, options);
    assertEquals(ran.code, code, `${command}: ${ran.stderr}${ran.stdout}`);
    return JSON.parse(ran.stdout);
  };
  return { name, run, must, json };
}

async function runOnHostb(typed: Typed): Promise<Ran> {
  const response = await fetch(AGENT_URL, { method: "POST", body: JSON.stringify(typed) });
  return await response.json();
}

/** Waits until hostb's agent answers. */
export async function waitForHostb(): Promise<void> {
  const endMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return void await runOnHostb({ command: "true", stdin: "", timeoutMs: 10_000 });
    } catch (error) {
      if (performance.now() > endMs) throw new Error("hostb does not answer", { cause: error });
      await sleep(300);
    }
  }
}

/** Ends hostb's agent, and so its job. A host that is gone already is no error. */
export async function stopHostb(): Promise<void> {
  await fetch(AGENT_URL, { method: "DELETE" }).then((response) => response.body?.cancel()).catch(
    () => {},
  );
}
