import { namesIn, parseNumber, readAttribute } from "./attribute.ts";

/** A vGPU type that an SR-IOV function can be given. */
export interface CreatableVgpuType {
  id: number;
  name: string;
}

/** NVIDIA's vGPU on an SR-IOV function: the type that it has (null for none), and those it can be given. */
export interface NvidiaVgpu {
  current: number | null;
  creatable: CreatableVgpuType[];
}

/**
 * The vGPU side of an NVIDIA SR-IOV function, null where the device has none.
 *
 * Source: `<device>/nvidia/current_vgpu_type` (0 for none) and `creatable_vgpu_types`, NVIDIA's vGPU
 * manager since release 17 on kernels without its mdev interface.
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

/** Reads lines of `ID : NAME`; a heading and whatever else has no number in front is passed over. */
export function parseCreatableVgpuTypes(text: string): CreatableVgpuType[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s*:\s*(\S.*?)\s*$/.exec(line);
    return match === null ? [] : [{ id: Number(match[1]), name: match[2]! }];
  });
}
