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
import type { ContainerState, Kernel, OpenFile } from "./kernel.ts";
import { refuse } from "./refusal.ts";
import { answer, type Requests } from "./requests.ts";

const TYPE1: ReadonlySet<number> = new Set([VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU]);

const REQUESTS: Requests<ContainerState> = {
  [VFIO_GET_API_VERSION]: () => VFIO_API_VERSION,
  [VFIO_CHECK_EXTENSION]: checkExtension,
  [VFIO_SET_IOMMU]: setIommu,
};

/** Opens `/dev/vfio/vfio`. */
export function openContainer(kernel: Kernel): OpenFile {
  const container: ContainerState = { groups: new Set(), iommu: null };
  return {
    container,
    ioctl(request, argument) {
      // The kernel passes unknown requests to the IOMMU driver, which does not exist before SET_IOMMU.
      if (container.iommu === null && !(request in REQUESTS)) refuse("EINVAL");
      return answer(REQUESTS, request, container, argument, kernel);
    },
  };
}

function checkExtension(container: ContainerState, argument: Argument, kernel: Kernel): number {
  const extension = numberOf(argument);
  const noiommu = extension === VFIO_NOIOMMU_IOMMU;
  const known = noiommu ? kernel.scenario.host.noiommu : TYPE1.has(extension);
  const [first] = container.groups;
  return known && (first === undefined || first.noiommu === noiommu) ? 1 : 0;
}

function setIommu(container: ContainerState, argument: Argument, kernel: Kernel): void {
  if (container.groups.size === 0 || container.iommu !== null) refuse("EINVAL");
  if (checkExtension(container, argument, kernel) === 0) refuse("ENODEV");
  container.iommu = numberOf(argument);
}
