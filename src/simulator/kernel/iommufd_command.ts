import type { Fields, Struct, Values } from "../../../ffi/struct.ts";
import { type Argument, bytesOf } from "./argument.ts";
import type { IommufdObject, IommufdState } from "./kernel.ts";
import { refuse } from "./refusal.ts";

/** Reads a struct that starts with `size`. iommufd checks it as VFIO checks `argsz`. */
export function readCommand<F extends Fields & { size: readonly ["u32", 0] }>(
  struct: Struct<F>,
  argument: Argument,
): Values<F> {
  const values = struct.read(bytesOf(argument, struct.size));
  if ((values.size as number) < struct.size) refuse("EINVAL");
  return values;
}

/** An object of a kind. Refuses a missing one with ENOENT. */
export function lookUp(
  iommufd: IommufdState,
  id: number,
  kind: IommufdObject["kind"],
): IommufdObject {
  const object = iommufd.objects.get(id);
  return object?.kind === kind ? object : refuse("ENOENT");
}
