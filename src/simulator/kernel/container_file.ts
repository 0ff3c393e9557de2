import {
  VFIO_API_VERSION,
  VFIO_CHECK_EXTENSION,
  VFIO_GET_API_VERSION,
  VFIO_NOIOMMU_IOMMU,
  VFIO_SET_IOMMU,
  VFIO_TYPE1_IOMMU,
  VFIO_TYPE1v2_IOMMU,
} from "../../../ffi/vfio.ts";
import { type Argument, numberOf } from "./argument.ts";
import type { OpenFile } from "./descriptors.ts";
import type { ContainerState, Kernel } from "./kernel.ts";
import { refuse } from "./refusal.ts";

const TYPE1: ReadonlySet<number> = new Set([VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU]);

type Handler = (kernel: Kernel, container: ContainerState, argument: Argument) => number;

const REQUESTS: Readonly<Record<number, Handler>> = {
  [VFIO_GET_API_VERSION]: () => VFIO_API_VERSION,
  [VFIO_CHECK_EXTENSION]: checkExtension,
  [VFIO_SET_IOMMU]: setIommu,
};

/** Opens `/dev/vfio/vfio`. */
export function openContainer(kernel: Kernel): OpenFile {
  const container: ContainerState = { groups: new Set(), iommu: null };
  const file: OpenFile = {
    name: "/dev/vfio/vfio",
    ioctl(request, argument) {
      const handler = REQUESTS[request];
      // The kernel passes unknown requests to the IOMMU driver, which does not exist before SET_IOMMU.
      if (handler === undefined) return refuse(container.iommu === null ? "EINVAL" : "ENOTTY");
      return handler(kernel, container, argument);
    },
    release() {},
  };
  kernel.containers.set(file, container);
  return file;
}

function checkExtension(kernel: Kernel, container: ContainerState, argument: Argument): number {
  const extension = numberOf(argument);
  const noiommu = extension === VFIO_NOIOMMU_IOMMU;
  const known = noiommu ? kernel.scenario.host.noiommu : TYPE1.has(extension);
  const [first] = container.groups;
  return known && (first === undefined || first.noiommu === noiommu) ? 1 : 0;
}

function setIommu(kernel: Kernel, container: ContainerState, argument: Argument): number {
  if (container.groups.size === 0 || container.iommu !== null) refuse("EINVAL");
  if (checkExtension(kernel, container, argument) === 0) refuse("ENODEV");
  container.iommu = numberOf(argument);
  return 0;
}
