import { namesIn, parseNumber, readAttribute } from "./attribute.ts";

/** A vGPU type that can be assigned to an SR-IOV function. */
export interface CreatableVgpuType {
  id: number;
  name: string;
}

/** NVIDIA's vGPU on an SR-IOV function: its type (or null) and the types that can be assigned. */
export interface NvidiaVgpu {
  current: number | null;
  creatable: CreatableVgpuType[];
}

/**
 * The vGPU state of an NVIDIA SR-IOV function, or null for any other device.
 *
 * Source: `<device>/nvidia/current_vgpu_type` (0 for none) and `creatable_vgpu_types`, NVIDIA's vGPU manager since
 * release 17 on kernels without its mdev interface.
 */
export function readNvidiaVgpu(device: string, names = namesIn(device)): NvidiaVgpu | null {
  if (!names.has("nvidia")) return null;
  const current = readAttribute(`${device}/nvidia/current_vgpu_type`);
  const creatable = readAttribute(`${device}/nvidia/creatable_vgpu_types`);
  if (current === null && creatable === null) return null;
  return {
    current: parseNumber(current) || null,
    creatable: parseCreatableVgpuTypes(creatable ?? ""),
  };
}

/** Reads lines of `ID : NAME`. Skips lines that do not begin with a number, such as a heading. */
export function parseCreatableVgpuTypes(text: string): CreatableVgpuType[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s*:\s*(\S.*?)\s*$/.exec(line);
    return match === null ? [] : [{ id: Number(match[1]), name: match[2]! }];
  });
}
