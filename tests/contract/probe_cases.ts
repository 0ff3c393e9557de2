import { assert, assertEquals, assertThrows } from "@std/assert";
import { SysError } from "../../ffi/errno.ts";
import {
  VFIO_DEVICE_FEATURE,
  vfio_device_feature,
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_PROBE,
  VFIO_DEVICE_GET_REGION_INFO,
  vfio_region_info,
} from "../../ffi/vfio.ts";
import { VFIO_DEVICE_FEATURE_MIGRATION } from "../../ffi/vfio_migration.ts";
import type { DeviceHandle } from "../../src/device/mod.ts";
import { probeDevice } from "../../src/probe/mod.ts";
import { type ContractCase, type ContractHost, withoutCdev, withoutGroup } from "./contract.ts";
import { opened } from "./open_cases.ts";

/** Opens a subject, runs the function and closes the subject. */
function onDevice<T>(
  host: ContractHost,
  subject: keyof ContractHost["subjects"],
  run: (handle: DeviceHandle) => T,
  path: "any" | "cdev" | "group" = "any",
): T {
  using sys = host.openSyscalls();
  using handle = opened(host, sys, path, host.subjects[subject]);
  return run(handle);
}

const probed = (
  host: ContractHost,
  subject: keyof ContractHost["subjects"],
  path?: "cdev" | "group",
) =>
  onDevice(
    host,
    subject,
    (handle) => probeDevice(handle, host.subjects[subject].id, new Date(0)),
    path,
  );

function featureErrno(handle: DeviceHandle, flags: number, dataBytes: number): string {
  const argsz = vfio_device_feature.size + dataBytes;
  const argument = vfio_device_feature.make({ argsz, flags }, dataBytes);
  const call = () => handle.sys.ioctl(handle.fd, VFIO_DEVICE_FEATURE, argument);
  return assertThrows(call, SysError).code;
}

export const PROBE_CASES: readonly ContractCase[] = [
  {
    name: "a migratable device reports its flags, its state and the size of its data",
    run(host) {
      const { migration, state, features, problems, pciConfig } = probed(host, "migratable");
      assertEquals(migration.uapi, "v2");
      assertEquals(migration.features, ["stop-copy", "p2p", "pre-copy"]);
      assertEquals(state, "running");
      assert((migration.stopCopyBytes ?? 0) > 0);
      const present = features.filter(({ support }) => support === "present").map(({ name }) =>
        name
      );
      for (const name of ["MIGRATION", "MIG_DEVICE_STATE", "MIG_DATA_SIZE"]) {
        assert(present.includes(name), name);
      }
      assert(pciConfig !== null && pciConfig.bars.length > 0);
      assertEquals(problems, []);
    },
  },
  {
    name: "a plain device answers ENOTTY to every migration feature",
    run(host) {
      const { migration, state, features, dirtyTracking } = probed(host, "plain");
      assertEquals(migration.uapi, "none");
      assertEquals(migration.checks![0], {
        step: "VFIO_DEVICE_FEATURE_MIGRATION",
        errno: "ENOTTY",
      });
      assertEquals([state, migration.dirtyTracking], [null, "none"]);
      assertEquals(dirtyTracking.device.result, "absent");
      for (const { support, errno } of features) {
        assertEquals([support, errno], ["absent", "ENOTTY"]);
      }
    },
  },
  {
    name: "cdev and group give the same answers",
    skip: (host) => withoutCdev(host) ?? withoutGroup(host),
    run(host) {
      for (const subject of ["migratable", "plain"] as const) {
        const [byCdev, byGroup] = (["cdev", "group"] as const).map((path) => {
          const { path: _, iommu: __, ...answers } = probed(host, subject, path);
          answers.dirtyTracking = {
            ...answers.dirtyTracking,
            iommu: { result: "absent", check: null },
          };
          answers.migration.checks = [];
          return answers;
        });
        assertEquals(byCdev, byGroup);
      }
    },
  },
  {
    name: "a second probe gives the same answers: the first changed nothing",
    run(host) {
      assertEquals(probed(host, "migratable"), probed(host, "migratable"));
    },
  },
  {
    name: "an unknown feature is ENOTTY",
    run(host) {
      const flags = 0xfffe | VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET;
      assertEquals(
        onDevice(host, "migratable", (handle) => featureErrno(handle, flags, 0)),
        "ENOTTY",
      );
    },
  },
  {
    name: "an argument too short for its feature is EINVAL",
    run(host) {
      const flags = VFIO_DEVICE_FEATURE_MIGRATION | VFIO_DEVICE_FEATURE_GET;
      assertEquals(
        onDevice(host, "migratable", (handle) => featureErrno(handle, flags, 4)),
        "EINVAL",
      );
    },
  },
  {
    name: "a region past the last one is EINVAL",
    run(host) {
      const errno = onDevice(host, "migratable", ({ sys, fd }) => {
        const info = vfio_region_info.make({ argsz: vfio_region_info.size, index: 4000 });
        return assertThrows(() => sys.ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, info), SysError).code;
      });
      assertEquals(errno, "EINVAL");
    },
  },
];
