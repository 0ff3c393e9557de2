import { type DeclaredTest, type Device, type DeviceType, Failure } from "../documents/mod.ts";
import type { OpenPath } from "../tasks/mod.ts";

/**
 * Which devices may be tested. Each mode includes the ones before it. `never`: none. `mdev`: idle mdevs. `idle`: every
 * idle device whose driver is declared not to load a state in the write. `load`: every idle device, even if its driver
 * loads the state in the write, or may load it.
 */
export const PREFLIGHT_MODES = ["never", "mdev", "idle", "load"] as const;
export type PreflightMode = (typeof PREFLIGHT_MODES)[number];

/** What a preflight may do. */
export interface PreflightPolicy {
  mode: PreflightMode;
  /** Whether a test also writes the device's own data and altered copies of it; default true. */
  controls?: boolean;
  /** Whether a temporary mdev may be created for a test. */
  create: boolean;
  /** How long a new device is left alone, unless the operator named it. */
  settleMs: number;
  /** Which node is used to open devices. */
  path?: OpenPath;
}

/** What is tested, or gives initial data: a device, or a type of which a temporary mdev is created. */
export interface Testable {
  /** The device or the type. */
  name: string;
  kind: Device["kind"] | DeviceType["kind"];
  /** Whether a device must be created. */
  isType: boolean;
  /** The driver's name, or the type if no driver is known. */
  driver: string;
  /** What rules declare about tests with the driver; null if no rule does. */
  declared: DeclaredTest | null;
}

/** Why the policy forbids to open a device, or to create one, for a test; null if it is allowed. Pure. */
export function forbiddenByKind(
  { name, kind, isType }: Testable,
  { mode, create }: Pick<PreflightPolicy, "mode" | "create">,
): Failure | null {
  const refuse = (what: string, remedy: string) =>
    new Failure("not-permitted", `Cannot test ${name}: ${what}`, { subject: name, remedy });
  if (isType) {
    return kind === "mdev-type" && mode !== "never" && create
      ? null
      : refuse("no device may be created for a test", "Allow it with --preflight-create.");
  }
  if (mode === "never") return refuse("tests are off", "Allow them with --preflight=mdev.");
  if (mode === "mdev" && kind !== "mdev") {
    return refuse(
      "only idle mdevs may be tested",
      "Allow every idle device with --preflight=idle.",
    );
  }
  return null;
}

/**
 * Why a test may load a state and the policy forbids that; null if it is allowed. Mode `load` is needed for a driver
 * that loads the state in the write, and for a function whose driver no rule declares. An mdev of an undeclared
 * driver is tested without it: only the mdev itself is at risk, and the answer says that the depth of the test is not
 * declared. Pure.
 */
export function forbiddenByDepth(
  { name, kind, driver, declared }: Testable,
  { mode }: Pick<PreflightPolicy, "mode">,
): Failure | null {
  const isMdev = kind === "mdev" || kind === "mdev-type";
  const mayLoad = declared === null ? !isMdev : declared.depth === "state";
  if (!mayLoad || mode === "load") return null;
  const why = declared === null
    ? `no rule declares that ${driver} does not load a state in the write`
    : `${driver} loads the state in the write`;
  return new Failure("not-permitted", `Cannot test ${name}: ${why}`, {
    subject: name,
    remedy: "Allow loading into idle devices with --preflight=load.",
  });
}
