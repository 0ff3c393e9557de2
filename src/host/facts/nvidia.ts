import { join } from "@std/path";
import { namesOfDevice } from "../scan_cache.ts";
import { readSet, readText } from "./fact.ts";
import type { FactReader } from "./reader.ts";
import type { FactSubject } from "./subject.ts";

/**
 * Fact of an NVIDIA vGPU, of its type, and of a function that can become one: `hostDriver` (`550.90.05`), the release
 * of the vGPU manager. Its own table decides from which releases it accepts a vGPU. The ECC mode of the GPU must also
 * be equal, but no sysfs file holds it: an operator declares it as `eccMode`.
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
 * Fact of an NVIDIA vGPU, or of a function that can become one: `vgpuParams`, the set of its parameters (`enable_uvm=1`
 * for unified memory), possibly empty.
 *
 * The attributes next to it are no facts: `placement_id` and `gpu_instance_id` are positions on the GPU.
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
