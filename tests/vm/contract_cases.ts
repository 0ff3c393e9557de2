import { openLibc } from "../../ffi/libc.ts";
import { THIS_HOST } from "../../src/host/mod.ts";
import { CONTRACT, type ContractHost } from "../contract/mod.ts";
import type { VmCase } from "./case.ts";
import { deviceNamed, makeMdev, MDPY_VGA, MTTY_1, MTTY_2, removeMdev } from "./machine.ts";

/** Checks this kernel with the same contract as the simulator. */
export function contractCases(): VmCase[] {
  const v1 = makeMdev("askv1-a1", "askv1");
  const host: ContractHost = {
    roots: THIS_HOST,
    openSyscalls: openLibc,
    subjects: {
      migratable: deviceNamed(MTTY_2),
      other: deviceNamed(MTTY_1),
      v1: deviceNamed(v1),
      plain: deviceNamed(MDPY_VGA),
    },
    countDescriptors: () => [...Deno.readDirSync("/proc/self/fd")].length,
  };
  return [
    ...CONTRACT.map(({ name, skip, run }) => ({
      name: `kernel: ${name}`,
      sample: true as const,
      skip: () => skip?.(host) ?? null,
      run: () => run(host),
    })),
    {
      name: "kernel: the v1 device can be removed",
      sample: true as const,
      run: () => removeMdev(v1),
    },
  ];
}
