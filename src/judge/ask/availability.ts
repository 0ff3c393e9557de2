import {
  type Availability,
  compareText,
  type Device,
  type DeviceType,
} from "../../documents/mod.ts";
import type { HostIndex } from "./host_index.ts";

/** Whether a device is free. */
export function availabilityOfDevice({ use }: Device): Availability {
  switch (use.state) {
    case "idle":
      return { now: true, instances: 1 };
    case "in-use": {
      const by = use.holder === null ? "" : ` by ${use.holder.name} (pid ${use.holder.pid})`;
      return { now: false, instances: 0, inUse: 1, reason: `in use${by}` };
    }
    case "unknown":
      return {
        now: false,
        instances: null,
        reason: "only root can see whether it is in use",
      };
  }
}

/**
 * The number of instances of a type that can be created now, and the number in use and idle. If none can be created,
 * also the instances of the same parent that would have to be removed first.
 */
export function availabilityOfType(type: DeviceType, index: HostIndex): Availability {
  const instances = type.availableInstances;
  const { inUse, idle } = countInstances(type, index);
  if (instances === null) {
    return {
      now: false,
      instances,
      inUse,
      idle,
      reason: "the number of free instances is unknown",
    };
  }
  if (instances > 0) return { now: true, instances, inUse, idle };
  const toFree = (index.byParent.get(type.parent) ?? [])
    .filter((other) => other.instances.length > 0)
    .map((other) => ({ type: other.type, instances: other.instances.length }))
    .toSorted((a, b) => compareText(a.type, b.type));
  const first = toFree.map(({ type, instances }) => `${instances} of ${type}`).join(", ");
  const reason = toFree.length === 0 ? "no free instance" : `no free instance; taken by ${first}`;
  return { now: false, instances, inUse, idle, toFree, reason };
}

/** The availability if one source needs several instances. */
export function forInstances(availability: Availability, wanted: number): Availability {
  const { instances } = availability;
  if (wanted === 1 || !availability.now || (instances ?? 0) >= wanted) return availability;
  return {
    ...availability,
    now: false,
    reason: `needs ${wanted} instances, ${instances} are free`,
  };
}

function countInstances({ instances }: DeviceType, index: HostIndex) {
  let [inUse, idle] = [0, 0];
  for (const id of instances) {
    if (index.device(id)?.use.state === "idle") idle++;
    else inUse++;
  }
  return { inUse, idle };
}
