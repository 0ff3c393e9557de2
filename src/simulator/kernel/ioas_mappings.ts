import {
  iommu_ioas_map,
  IOMMU_IOAS_MAP_FIXED_IOVA,
  IOMMU_IOAS_MAP_READABLE,
  IOMMU_IOAS_MAP_WRITEABLE,
  iommu_ioas_unmap,
} from "../../../ffi/iommufd.ts";
import { type Argument, readSized, reply } from "./argument.ts";
import { lookUp } from "./iommufd_objects.ts";
import type { IommufdObject, IommufdState, Kernel } from "./kernel.ts";
import { refuse } from "./refusal.ts";

const PAGE = 4096n;
const ALL = (1n << 64n) - 1n;
const ACCESS = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE;

/**
 * `IOMMU_IOAS_MAP`: the caller's memory must exist and consist of whole pages. The caller or the kernel chooses the
 * address.
 */
export function mapIoas(iommufd: IommufdState, argument: Argument, kernel: Kernel): void {
  const { flags, ioas_id, user_va, length, iova } = readSized(iommu_ioas_map, argument);
  if ((flags & ~(IOMMU_IOAS_MAP_FIXED_IOVA | ACCESS)) !== 0) refuse("EOPNOTSUPP");
  if ((flags & ACCESS) === 0) refuse("EINVAL");
  const ioas = lookUp(iommufd, ioas_id, "ioas");
  if (length === 0n || length % PAGE !== 0n || user_va % PAGE !== 0n) refuse("EINVAL");
  const isFixed = (flags & IOMMU_IOAS_MAP_FIXED_IOVA) !== 0;
  const at = isFixed ? iova : firstFree(ioas);
  if (at % PAGE !== 0n) refuse("EINVAL");
  if (overlapping(ioas, at, length).length > 0) refuse("EEXIST");
  kernel.memory.at(user_va, Number(length));
  ioas.mappings.set(at, length);
  reply(iommu_ioas_map, argument, { iova: at });
}

/**
 * `IOMMU_IOAS_UNMAP`: removes only whole mappings. ENOENT if a mapping would be split or there is none. Reports the
 * unmapped size.
 */
export function unmapIoas(iommufd: IommufdState, argument: Argument): void {
  const { ioas_id, iova, length } = readSized(iommu_ioas_unmap, argument);
  const ioas = lookUp(iommufd, ioas_id, "ioas");
  if (length === 0n) refuse("EINVAL");
  const isAll = iova === 0n && length === ALL;
  const found = isAll ? [...ioas.mappings] : overlapping(ioas, iova, length);
  const isCut = ([start, bytes]: readonly [bigint, bigint]) =>
    start < iova || start + bytes > iova + length;
  if (!isAll && (found.length === 0 || found.some(isCut))) refuse("ENOENT");
  let unmapped = 0n;
  for (const [start, bytes] of found) {
    ioas.mappings.delete(start);
    unmapped += bytes;
  }
  reply(iommu_ioas_unmap, argument, { length: unmapped });
}

/** Whether a range is completely mapped. */
export function isMapped(ioas: IommufdObject, iova: bigint, length: bigint): boolean {
  let reached = iova;
  for (const [start, bytes] of overlapping(ioas, iova, length)) {
    if (start > reached) return false;
    reached = start + bytes;
  }
  return reached >= iova + length;
}

/** The mappings that overlap a range, by address. */
function overlapping({ mappings }: IommufdObject, iova: bigint, length: bigint) {
  return [...mappings].filter(([start, bytes]) => start < iova + length && start + bytes > iova)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Never 0, as in the kernel, and after all mappings. */
function firstFree({ mappings }: IommufdObject): bigint {
  return [...mappings].reduce(
    (end, [start, bytes]) => start + bytes > end ? start + bytes : end,
    PAGE,
  );
}
