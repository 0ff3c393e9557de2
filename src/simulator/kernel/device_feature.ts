import type { Bytes } from "../../../ffi/syscalls.ts";
import {
  vfio_device_feature,
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_MASK,
  VFIO_DEVICE_FEATURE_PROBE,
  VFIO_DEVICE_FEATURE_SET,
} from "../../../ffi/vfio.ts";
import {
  vfio_device_feature_dma_logging_control,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
  vfio_device_feature_dma_logging_report,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
  VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
  vfio_device_feature_mig_data_size,
  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
  vfio_device_feature_mig_state,
  VFIO_DEVICE_FEATURE_MIGRATION,
  vfio_device_feature_migration,
} from "../../../ffi/vfio_migration.ts";
import { type Argument, bytesOf, readSized } from "./argument.ts";
import { install } from "./descriptors.ts";
import { reportLogging, startLogging, stopLogging } from "./dma_logging.ts";
import type { DeviceState, Kernel } from "./kernel.ts";
import { migrationOf } from "./migration_arcs.ts";
import { streamFile } from "./migration_stream.ts";
import { setState } from "./migration_v2.ts";
import { refuse } from "./refusal.ts";

/** A feature: which devices have it, its operations, its minimum size, and what it does with its data. */
interface Feature {
  has(device: DeviceState): boolean;
  readonly operations: number;
  readonly size: number;
  run(device: DeviceState, data: Bytes, kernel: Kernel, set: boolean): void;
}

const GET = VFIO_DEVICE_FEATURE_GET;
const SET = VFIO_DEVICE_FEATURE_SET;
const PROBE = VFIO_DEVICE_FEATURE_PROBE;

const migrates = ({ vfio }: DeviceState) => vfio.migration?.uapi === "v2";
const logs = ({ vfio }: DeviceState) => vfio.dirtyTracking !== "absent";
/** `vfio-pci` and drivers based on it can put a physical function to sleep. */
const sleeps = ({ vfio }: DeviceState) => vfio.api === "vfio-pci" && vfio.iommu !== "emulated";
const LOW_POWER: Feature = { has: sleeps, operations: SET, size: 0, run: () => {} };

const FEATURES: Readonly<Record<number, Feature>> = {
  [VFIO_DEVICE_FEATURE_MIGRATION]: {
    has: migrates,
    operations: GET,
    size: vfio_device_feature_migration.size,
    run: getMigration,
  },
  [VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE]: {
    has: migrates,
    operations: GET | SET,
    size: vfio_device_feature_mig_state.size,
    run: deviceState,
  },
  /** `VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY`, `…_ENTRY_WITH_WAKEUP`, `…_EXIT`. */
  3: LOW_POWER,
  4: LOW_POWER,
  5: LOW_POWER,
  [VFIO_DEVICE_FEATURE_DMA_LOGGING_START]: {
    has: logs,
    operations: SET,
    size: vfio_device_feature_dma_logging_control.size,
    run: startLogging,
  },
  [VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP]: {
    has: logs,
    operations: SET,
    size: 0,
    run: stopLogging,
  },
  [VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT]: {
    has: logs,
    operations: GET,
    size: vfio_device_feature_dma_logging_report.size,
    run: reportLogging,
  },
  [VFIO_DEVICE_FEATURE_MIG_DATA_SIZE]: {
    has: migrates,
    operations: GET,
    size: vfio_device_feature_mig_data_size.size,
    run: getDataSize,
  },
};

/** `VFIO_DEVICE_FEATURE`, with the checks of `vfio_ioctl_device_feature()` and `vfio_check_feature()`. */
export function deviceFeature(device: DeviceState, argument: Argument, kernel: Kernel): void {
  const { argsz, flags } = readSized(vfio_device_feature, argument);
  const operations = flags & (GET | SET);
  if ((flags & ~(VFIO_DEVICE_FEATURE_MASK | GET | SET | PROBE)) !== 0) refuse("EINVAL");
  const probes = (flags & PROBE) !== 0;
  if (!probes && operations === (GET | SET)) refuse("EINVAL");
  const feature = FEATURES[flags & VFIO_DEVICE_FEATURE_MASK];
  if (feature === undefined || !feature.has(device)) return refuse("ENOTTY");
  if ((operations & ~feature.operations) !== 0) refuse("EINVAL");
  if (probes) return;
  const end = vfio_device_feature.size + feature.size;
  if (operations === 0 || argsz < end) refuse("EINVAL");
  const data = bytesOf(argument, end).subarray(vfio_device_feature.size, end);
  feature.run(device, data, kernel, operations === SET);
}

function getMigration(device: DeviceState, data: Bytes): void {
  const bits = { "stop-copy": 1n, "p2p": 2n, "pre-copy": 4n };
  const flags = migrationOf(device).flags.reduce((sum, flag) => sum | bits[flag], 0n);
  vfio_device_feature_migration.write(data, { flags });
}

function getDataSize(device: DeviceState, data: Bytes): void {
  vfio_device_feature_mig_data_size.write(data, {
    stop_copy_length: BigInt(migrationOf(device).stopCopyBytes),
  });
}

/** Gets the state, or sets it and returns the data descriptor of the arc, if any. */
function deviceState(device: DeviceState, data: Bytes, kernel: Kernel, set: boolean): void {
  const { device_state } = vfio_device_feature_mig_state.read(data);
  vfio_device_feature_mig_state.write(data, { data_fd: -1 });
  if (!set) return vfio_device_feature_mig_state.write(data, { device_state: device.state });
  const stream = setState(device, device_state);
  if (stream === null) return;
  const data_fd = install(kernel, streamFile(device, stream));
  vfio_device_feature_mig_state.write(data, { data_fd });
}
