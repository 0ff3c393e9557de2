import { join } from "@std/path";
import { namesOfDevice } from "../scan_cache.ts";
import { readSet, readText } from "./fact.ts";
import type { FactReader } from "./reader.ts";
import type { FactSubject } from "./subject.ts";

/**
 * Of an NVIDIA vGPU, its type, and a function that can be one: `hostDriver` (`550.90.05`), the release of
 * the vGPU manager, which decides by its own table which releases a vGPU may come from. The ECC mode of the GPU, which
 * must be set alike, is in no file of sysfs: an operator declares it as `eccMode`.
 *
 * Source: `/sys/module/nvidia/version`, the MODULE_VERSION of NVIDIA's driver; in no kernel tree.
 */
export const NVIDIA_HOST: FactReader = {
  name: "nvidia",
  of: "host",
  appliesTo: isNvidiaVgpu,
  read: ({ roots }) => ({ hostDriver: readText(join(roots.sys, "module/nvidia/version")) }),
};

/**
 * Of an NVIDIA vGPU, or a function that can be one: `vgpuParams`, the set of parameters that it was given
 * (`enable_uvm=1` for unified memory), empty for none.
 *
 * Its neighbours are not facts of it: `placement_id` and `gpu_instance_id` say where on the GPU it lies.
 *
 * Source: `<mdev>/nvidia/vgpu_params`, `<vf>/nvidia/vgpu_params`, NVIDIA's vGPU manager; in no kernel tree.
 */
export const NVIDIA_VGPU: FactReader = {
  name: "vgpu",
  of: "subject",
  appliesTo: (subject) => isNvidiaVgpu(subject) && subject.device !== null,
  read: ({ cache, device }) => ({
    vgpuParams: namesOfDevice(cache, device!.path).has("nvidia")
      ? readSet(join(device!.path, "nvidia/vgpu_params"), /[,;\s]+/)
      : null,
  }),
};

function isNvidiaVgpu({ type, vgpu }: FactSubject): boolean {
  return vgpu !== null || /^nvidia-\d+$/.test(type);
}
