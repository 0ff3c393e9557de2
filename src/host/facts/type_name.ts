import { join } from "@std/path";
import { parseCreatableVgpuTypes } from "../nvidia_vgpu.ts";
import { listNames, readText } from "./fact.ts";
import type { FactReader } from "./reader.ts";
import { remembered } from "../scan_cache.ts";
import type { FactSubject } from "./subject.ts";

/**
 * Fact of an mdev, and of an SR-IOV function with a vGPU type: `typeName`, the vendor's name for its type (`GRID
 * T4-4Q`). A type reports its own.
 *
 * Source: `<parent>/mdev_supported_types/T/name`, `drivers/vfio/mdev/mdev_sysfs.c`, since 4.10. For a vGPU function see
 * {@link readVgpuTypeNames}.
 */
export const TYPE_NAME: FactReader = {
  name: "typeName",
  of: "subject",
  appliesTo: ({ device, typePath, vgpu }) =>
    device !== null && (typePath !== null || (vgpu?.current ?? null) !== null),
  read: (subject) => {
    const { cache, parent, type, typePath } = subject;
    if (typePath === null) return { typeName: readVgpuTypeName(subject) };
    const read = () => readText(join(typePath, "name"));
    return { typeName: remembered(cache, `typeName ${parent?.id} ${type}`, read) };
  },
};

function readVgpuTypeName({ cache, parent, vgpu }: FactSubject): string | null {
  const { current, creatable } = vgpu!;
  const own = creatable.find(({ id }) => id === current)?.name;
  if (own !== undefined || parent === null) return own ?? null;
  const names = remembered(
    cache,
    `vgpuTypeNames ${parent.id}`,
    () => readVgpuTypeNames(parent.path),
  );
  return names.get(current!) ?? null;
}

/**
 * The names of the vGPU types that functions of a physical function can still be given, by number. NVIDIA reports no
 * others in sysfs. A function with a type lists none, so a sibling without one is read. All siblings have the same
 * list, so the first one is enough. If the GPU is full or has no room for another vGPU of a type, no function lists
 * that type and its name is unknown.
 *
 * Source: `<pf>/virtfnN/nvidia/creatable_vgpu_types`, NVIDIA's vGPU manager since release 17.
 */
export function readVgpuTypeNames(physicalFunction: string): ReadonlyMap<number, string> {
  for (const name of listNames(physicalFunction).filter((name) => /^virtfn\d+$/.test(name))) {
    const text = readText(join(physicalFunction, name, "nvidia/creatable_vgpu_types"));
    const types = parseCreatableVgpuTypes(text ?? "");
    if (types.length > 0) return new Map(types.map(({ id, name }) => [id, name]));
  }
  return new Map();
}
