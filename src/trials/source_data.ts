import {
  type Device,
  deviceOf,
  Failure,
  identify,
  type Identity,
  type Problem,
  type Snapshot,
} from "../documents/mod.ts";
import {
  leftAlone,
  mayOpen,
  type Settling,
  type TestTarget,
  type WorkerTask,
} from "../tasks/mod.ts";
import { type PreflightPolicy, runTasks } from "../access/mod.ts";
import type { World } from "../view/mod.ts";

/**
 * The identity of a device with its initial data. A device that is in use is not opened. The data then comes from an
 * idle sibling of the same type on the same parent that has settled, or from a temporary mdev if the policy allows
 * that. The identity names its origin.
 *
 * Effect: changes the state of the idle device and brings it back to RUNNING, in a child process. Throws a {@link
 * Failure} if no device may give the data. If the driver has no data or no migration, the identity has none either.
 */
export async function identifyWithData(
  world: World,
  snapshot: Snapshot,
  id: string,
  policy: PreflightPolicy & { stopCopyBytes: number | null },
): Promise<{ identity: Identity; problems: Problem[] }> {
  const device = deviceOf(snapshot, id);
  const identity = identify(snapshot, id);
  const vendor = device.driver?.name ?? device.type;
  const without = (why: string, problems: Problem[] = []) => {
    const sentence = `${vendor}: ${id} has no initial data: ${why}`;
    const problem = { code: "no-initial-data", subject: id, sentence, remedy: null } as const;
    return { identity, problems: [problem, ...problems] };
  };
  if (identity.migration.uapi === "none") return without("it cannot migrate");
  const when = { settleMs: policy.settleMs, nowMs: world.now().getTime() };
  const giver = giverOf(snapshot, device, { ...policy, ...when });
  const task: WorkerTask = {
    do: "read-initial-data",
    target: giver.target,
    path: policy.path ?? "any",
    settleMs: giver.settleMs,
    stopCopyBytes: policy.stopCopyBytes,
  };
  const [result] = await runTasks(world.access, [task]);
  const { outcome, sentence, remedy, found, problems } = result!;
  if (outcome !== "done") {
    throw new Failure(
      outcome === "in-use" ? "in-use" : "kernel",
      `Cannot read the initial data of ${id}: ${sentence}`,
      {
        subject: id,
        remedy,
      },
    );
  }
  if (found?.of !== "read-initial-data") return without(sentence, problems);
  return {
    identity: { ...identity, initialData: { ...found.initialData, origin: giver.origin } },
    problems,
  };
}

function giverOf(
  { devices }: Snapshot,
  device: Device,
  { mode, create, settleMs, nowMs }: PreflightPolicy & Settling,
): { target: TestTarget; origin: string; settleMs: number } {
  const refuse = (why: string, remedy: string) =>
    new Failure("not-permitted", `Cannot read the initial data of ${device.id}: ${why}`, {
      subject: device.id,
      remedy,
    });
  if (mode === "never") throw refuse("preflight is off", "Allow it with --preflight=mdev.");
  if (mode === "mdev" && device.kind !== "mdev") {
    throw refuse(
      "only idle mdevs may be opened for it",
      "Allow every idle device with --preflight=idle.",
    );
  }
  // The operator named the device, so it is opened even if it is new.
  if (device.use.state === "idle") {
    return { target: { device: device.id }, origin: "self", settleMs: 0 };
  }
  const siblings = devices.filter(({ type, parent, trouble, id }) =>
    type === device.type && parent === device.parent && !trouble && id !== device.id
  );
  const when = { settleMs, nowMs };
  const sibling = siblings.find((found) => mayOpen(found, when) === "yes");
  if (sibling !== undefined) {
    return { target: { device: sibling.id }, origin: `sibling ${sibling.id}`, settleMs };
  }
  if (device.kind === "mdev" && create && device.parent !== null) {
    const { type, parent } = device;
    return { target: { type, parent }, origin: `temporary sibling of type ${type}`, settleMs };
  }
  const settling = siblings.find((found) => mayOpen(found, when) === "new");
  if (settling !== undefined) {
    const { sentence, remedy } = leftAlone(settling, when);
    throw refuse(`it is in use, and ${sentence}`, remedy);
  }
  throw refuse(
    "it is in use, and there is no idle device of the same type on its parent",
    device.kind === "mdev"
      ? "Allow a temporary mdev with --preflight-create."
      : "Free a device of the same type.",
  );
}
