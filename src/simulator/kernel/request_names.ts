import * as iommufd from "../../../ffi/iommufd.ts";
import * as vfio from "../../../ffi/vfio.ts";
import * as migration from "../../../ffi/vfio_migration.ts";
import type { Argument } from "./argument.ts";

/** Header names by request number. The numbers are those of `_IO(';', n)`. */
const REQUEST_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries({ ...vfio, ...migration, ...iommufd }).flatMap(([name, value]) =>
    typeof value === "number" && value >= 0x3b00 && value <= 0x3bff ? [[value, name]] : []
  ),
);

/** Features by number, without their common prefix. */
const FEATURE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(migration).flatMap(([name, value]) =>
    typeof value === "number" && name.startsWith("VFIO_DEVICE_FEATURE_")
      ? [[value, name.slice("VFIO_DEVICE_FEATURE_".length)]]
      : []
  ),
);

/** A request for the log: its name. For a feature, also which one, and the operation. */
export function describeRequest(request: number, argument: Argument): string {
  const name = REQUEST_NAMES.get(request) ?? `0x${request.toString(16)}`;
  if (typeof argument === "number") return argument === 0 ? name : `${name} ${argument}`;
  const feature = featureOf(request, argument);
  return feature === null ? name : `${name} ${feature}`;
}

function featureOf(request: number, argument: Uint8Array): string | null {
  if (request !== vfio.VFIO_DEVICE_FEATURE || argument.length < 8) return null;
  const { flags } = vfio.vfio_device_feature.read(argument);
  const number = flags & vfio.VFIO_DEVICE_FEATURE_MASK;
  const operations = [
    [vfio.VFIO_DEVICE_FEATURE_PROBE, "PROBE"],
    [vfio.VFIO_DEVICE_FEATURE_GET, "GET"],
    [vfio.VFIO_DEVICE_FEATURE_SET, "SET"],
  ] as const;
  const done = operations.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word);
  return [FEATURE_NAMES.get(number) ?? String(number), ...done].join(" ");
}
