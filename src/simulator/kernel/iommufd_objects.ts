import type { IommufdObject, IommufdState } from "./kernel.ts";
import { refuse } from "./refusal.ts";

/** An object of a kind. Refuses a missing one with ENOENT. */
export function lookUp(
  iommufd: IommufdState,
  id: number,
  kind: IommufdObject["kind"],
): IommufdObject {
  const object = iommufd.objects.get(id);
  return object?.kind === kind ? object : refuse("ENOENT");
}

/** Adds an object and returns its number. An HWPT holds its IOAS. */
export function addObject(
  iommufd: IommufdState,
  { kind, parent = null, dirtyTracking = false, automatic = false }:
    & Pick<IommufdObject, "kind">
    & Partial<IommufdObject>,
): number {
  const id = iommufd.nextId++;
  const state = { tracking: false, mappings: new Map(), users: 0 };
  iommufd.objects.set(id, { kind, parent, dirtyTracking, automatic, ...state });
  if (parent !== null) iommufd.objects.get(parent)!.users++;
  return id;
}

/** Removes an object. Refuses with ENOENT if it is unknown, EBUSY if it is in use. */
export function removeObject(iommufd: IommufdState, id: number): void {
  const object = iommufd.objects.get(id) ?? refuse("ENOENT");
  if (object.users > 0) refuse("EBUSY");
  if (object.parent !== null) iommufd.objects.get(object.parent)!.users--;
  iommufd.objects.delete(id);
}
