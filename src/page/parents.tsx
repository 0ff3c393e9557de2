import { driverWords } from "../answers/mod.ts";
import { compareText, type Device, type DeviceType } from "../documents/mod.ts";
import type { HostNow } from "./host_now.ts";
import { plural } from "./parts.tsx";
import { type Slot, Slots } from "./slots.tsx";

/** A parent device: the types that it offers, or the functions that it has. */
interface Parent {
  id: string;
  types: DeviceType[];
  functions: Device[];
}

/** Every parent with its types: which instances are taken, and how many are free. */
export function Parents({ now }: { now: HostNow }) {
  const parents = parentsOf(now);
  return (
    <>
      <div class="bar">
        <h2 id="parents-title">Parents and types</h2>
        <p class="legend quiet">
          <span class="key used">in use</span> <span class="key idle">created, idle</span>{" "}
          <span class="key free">room for one</span>
        </p>
      </div>
      {parents.length === 0
        ? (
          <p class="empty">
            <b>No parents.</b> No driver on this host offers mdevs, vGPUs or virtual functions.
          </p>
        )
        : (
          <div class="cards">
            {parents.map((parent) => <ParentCard parent={parent} now={now} />)}
          </div>
        )}
    </>
  );
}

function parentsOf({ snapshot: { types, devices } }: HostNow): Parent[] {
  const byId = new Map<string, Parent>();
  const parentOf = (id: string): Parent => {
    const parent = byId.get(id) ?? { id, types: [], functions: [] };
    byId.set(id, parent);
    return parent;
  };
  for (const type of types) parentOf(type.parent).types.push(type);
  for (const device of devices) {
    if (device.pci?.function === "virtual" && device.parent !== null) {
      parentOf(device.parent).functions.push(device);
    }
  }
  return [...byId.values()].sort((a, b) => compareText(a.id, b.id));
}

function ParentCard({ parent: { id, types, functions }, now }: { parent: Parent; now: HostNow }) {
  const [first] = [...types, ...functions];
  const numa = types[0]?.numaNode ?? functions[0]?.numaNode ?? null;
  const isShown = (type: DeviceType) => type.instances.length > 0 || type.availableInstances !== 0;
  const shown = types.filter(isShown);
  const full = types.filter((type) => !isShown(type));
  const driver = first?.parentDriver ?? null;
  return (
    <article class="card" aria-label={`Parent ${id}`}>
      <header>
        <h3 class="mono">{id}</h3>
        <p class="quiet">
          {driver === null ? "driver unknown" : driverWords({ driver })}
          {numa === null || numa < 0 ? "" : `, NUMA node ${numa}`}
        </p>
      </header>
      {functions.length === 0 ? null : <FunctionsRow functions={functions} />}
      {shown.map((type) => <TypeRow type={type} now={now} />)}
      {full.length === 0 ? null : (
        <details id={`full-${id}`}>
          <summary>
            {shown.length === 0 ? plural(full.length, "type") : plural(full.length, "more type")}
            {" "}
            without room
          </summary>
          <p class="quiet names">
            {full.map(({ type, name }) => name === null ? type : `${name} (${type})`).join(", ")}
          </p>
        </details>
      )}
    </article>
  );
}

function TypeRow({ type, now }: { type: DeviceType; now: HostNow }) {
  const { availableInstances, instances, name } = type;
  const taken = instances.map((id): Slot => slotOf(now.devices.get(id)));
  const free = Array<Slot>(Math.min(availableInstances ?? 0, 256)).fill("free");
  const words = `${takenWords(taken)}, ${availableInstances ?? "unknown"} free`;
  return (
    <div class="room">
      <p class="name">
        <b>{name ?? type.type}</b>{" "}
        {name === null ? "" : <span class="quiet mono">{type.type}</span>}
      </p>
      <p class="numbers">{words}</p>
      <Slots slots={[...taken.sort(bySlot), ...free]} label={`${name ?? type.type}: ${words}`} />
      <Instances id={`${type.parent}-${type.type}`} ids={instances} />
    </div>
  );
}

function FunctionsRow({ functions }: { functions: readonly Device[] }) {
  const taken = functions.map(slotOf);
  const words = takenWords(taken);
  return (
    <div class="room">
      <p class="name">
        <b>{plural(functions.length, "virtual function")}</b>
      </p>
      <p class="numbers">{words}</p>
      <Slots slots={taken.sort(bySlot)} label={`Virtual functions: ${words}`} />
      <Instances id={`functions-${functions[0]!.parent}`} ids={functions.map(({ id }) => id)} />
    </div>
  );
}

/** The names of instances, which link to their details. A reader opens the list. */
function Instances({ id, ids }: { id: string; ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <details id={`instances-${id}`}>
      <summary>{plural(ids.length, "instance")}</summary>
      <ul class="names mono">
        {ids.slice(0, MOST_NAMES).map((name) => (
          <li>
            <a href={`/?device=${encodeURIComponent(name)}#device`}>{name}</a>
          </li>
        ))}
        {ids.length > MOST_NAMES ? <li class="quiet">and {ids.length - MOST_NAMES} more</li> : null}
      </ul>
    </details>
  );
}

/** The most names that a list of instances has. The table of devices has all. */
const MOST_NAMES = 100;

const ORDER: readonly Slot[] = ["used", "unknown", "idle", "free"];

function bySlot(a: Slot, b: Slot): number {
  return ORDER.indexOf(a) - ORDER.indexOf(b);
}

function slotOf(device: Device | undefined): Slot {
  if (device === undefined) return "unknown";
  return ({ idle: "idle", "in-use": "used", unknown: "unknown" } as const)[device.use.state];
}

/** `3 taken: 2 in use, 1 idle`. */
function takenWords(slots: readonly Slot[]): string {
  if (slots.length === 0) return "none taken";
  const words = ([["used", "in use"], ["idle", "idle"], ["unknown", "unknown"]] as const)
    .map(([slot, words]) => [slots.filter((one) => one === slot).length, words] as const)
    .filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  return words.join(", ");
}
