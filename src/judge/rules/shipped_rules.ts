import type { RulesDocument, RulesFile } from "../../documents/mod.ts";
import hisilicon from "./shipped/hisilicon.json" with { type: "json" };
import i915Gvt from "./shipped/i915_gvt.json" with { type: "json" };
import mlx5 from "./shipped/mlx5.json" with { type: "json" };
import mtty from "./shipped/mtty.json" with { type: "json" };
import nvidiaVgpu from "./shipped/nvidia_vgpu.json" with { type: "json" };
import pds from "./shipped/pds.json" with { type: "json" };
import qat from "./shipped/qat.json" with { type: "json" };
import vfioAp from "./shipped/vfio_ap.json" with { type: "json" };
import vfioCcw from "./shipped/vfio_ccw.json" with { type: "json" };
import virtio from "./shipped/virtio.json" with { type: "json" };
import xe from "./shipped/xe.json" with { type: "json" };

const SHIPPED: Readonly<Record<string, unknown>> = {
  "hisilicon.json": hisilicon,
  "i915_gvt.json": i915Gvt,
  "mlx5.json": mlx5,
  "mtty.json": mtty,
  "nvidia_vgpu.json": nvidiaVgpu,
  "pds.json": pds,
  "qat.json": qat,
  "vfio_ap.json": vfioAp,
  "vfio_ccw.json": vfioCcw,
  "virtio.json": virtio,
  "xe.json": xe,
};

/** The rules that come with the program, ordered by name. A test checks that each is valid. */
export function shippedRules(): RulesFile[] {
  return Object.entries(SHIPPED).map(([name, document]) => ({
    name,
    path: "shipped",
    document: document as RulesDocument,
  }));
}
