import {
  Failure,
  type FoundMachines,
  type MigrationState,
  type Outcome,
  type Problem,
  toProblem,
} from "../documents/mod.ts";
import {
  findDevice,
  type Holders,
  type HostRoots,
  readHolders,
  readHost,
  readMigrationStates,
  type Turns,
} from "../host/mod.ts";
import { appendOutcomes, ledgerPath } from "../ledger/mod.ts";
import {
  addAnswers,
  type Answered,
  type KeyedDevice,
  loadObservations,
  saveObservations,
  whileLocked,
} from "../state/mod.ts";
import { capabilitiesOf, type WorkerResult, type WorkerTask } from "../tasks/mod.ts";
import { isRunnable, type Worker } from "../children/mod.ts";
import type { MachineReader, MachinesWanted } from "../vms/mod.ts";

/** What needs privileges on this host. */
export interface Access extends AsyncDisposable {
  /** Which processes hold devices. This program's own processes do not count. */
  readHolders(turns?: Turns): Promise<Holders>;
  /**
   * The migration states of idle devices by name, as far as the kernel shows them; see `readMigrationStates`. Empty while
   * an earlier call hangs in a driver.
   */
  readStates(ids: readonly string[]): Promise<Map<string, MigrationState>>;
  /**
   * The virtual machines of this host that use VFIO devices. Callers at the same time share one reading.
   *
   * Effect: runs `virsh` and QEMU, see `src/vms`.
   */
  readMachines(wanted: MachinesWanted): Promise<FoundMachines>;
  /** Whether a process is running or only waits for a CPU. False if it waits in the kernel, or is gone. */
  isRunnable(pid: number): Promise<boolean>;
  /**
   * Calls `run` while no other vfio-ask on this host opens devices. Null if another process keeps the lock for too
   * long: then `run` was not called.
   */
  whileLocked<T>(run: () => Promise<T>): Promise<T | null>;
  /** Runs a task after the earlier ones, see `Worker`. The caller holds the lock. */
  run(task: WorkerTask, options?: { signal?: AbortSignal | undefined }): Promise<WorkerResult>;
  /**
   * Saves what devices answered to probes since the last call. The caller holds the lock. A failure is returned as a
   * problem. Effect: writes to the state directory.
   */
  save(): Promise<Problem[]>;
  /**
   * Adds outcomes of migrations to the ledger, and waits until they are on disk. No lock is needed. A failure is returned
   * as a problem. Effect: writes to the state directory.
   */
  record(outcomes: readonly Outcome[]): Promise<Problem[]>;
}

/** How long it may take to read the states of devices. The kernel answers in microseconds, unless a driver hangs. */
export const STATES_MS = 2_000;

/** Access with the privileges of this process and of a worker, its child process. Disposing of it ends the worker. */
export function openAccess(
  { roots, stateDirectory, worker }: {
    roots: HostRoots;
    stateDirectory: string | null;
    worker: Worker;
  },
): Access {
  let answered: { device: KeyedDevice; answer: Answered }[] = [];
  let isHung = false;
  let reader: Promise<MachineReader> | null = null;
  let reading: ReturnType<MachineReader> | null = null;
  const startReading = async () => {
    // Loaded on demand, with a parser of XML.
    reader ??= import("../vms/mod.ts").then(({ makeMachineReader }) => makeMachineReader(roots));
    const read = await reader;
    const { byNode } = await readHolders(roots, worker.pids);
    return await read(byNode.values());
  };
  return {
    async readMachines(wanted) {
      reading ??= startReading().finally(() => reading = null);
      return (await reading)(wanted);
    },
    readHolders: (turns) => readHolders(roots, worker.pids, turns),
    async readStates(ids) {
      if (isHung || ids.length === 0) return new Map();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<null>((resolve) => timer = setTimeout(resolve, STATES_MS, null));
      const reading = readMigrationStates(roots, ids);
      const states = await Promise.race([reading, late]);
      clearTimeout(timer);
      if (states !== null) return states;
      isHung = true;
      void reading.finally(() => isHung = false);
      return new Map();
    },
    isRunnable: (pid) => Promise.resolve(isRunnable(pid)),
    whileLocked: (run) => whileLocked(stateDirectory, run),
    async run(task, options) {
      // Read it first: an answer must not count for a driver that was reloaded since.
      const device = task.do === "probe" ? keyedDevice(roots, task.device) : null;
      const result = await worker.run(task, options);
      const capabilities = capabilitiesOf(result);
      if (device !== null && capabilities !== null) {
        answered.push({ device, answer: { device: device.id, capabilities } });
      }
      return result;
    },
    save() {
      const added = answered;
      answered = [];
      if (added.length === 0) return Promise.resolve([]);
      try {
        const { bootId } = readHost(roots);
        const known = loadObservations(stateDirectory, bootId);
        const devices = added.map(({ device }) => device);
        const answers = added.map(({ answer }) => answer);
        saveObservations(stateDirectory, addAnswers(known, devices, answers));
        return Promise.resolve([]);
      } catch (error) {
        return Promise.resolve([toProblem(error, stateDirectory ?? "state directory")]);
      }
    },
    async record(outcomes) {
      try {
        await appendOutcomes(stateDirectory, outcomes);
        return [];
      } catch (error) {
        const path = ledgerPath(stateDirectory ?? "");
        return [toProblem(error, error instanceof Failure ? error.subject : path)];
      }
    },
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}

/** A device before it is asked; null if it cannot be read. Then the task reports why. */
function keyedDevice(roots: HostRoots, id: string): KeyedDevice | null {
  try {
    return findDevice(roots, id);
  } catch {
    return null;
  }
}
