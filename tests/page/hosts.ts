import { type Scenario, SCENARIOS, type SimulatedDevice } from "../../src/simulator/mod.ts";

/** A host without a VFIO device. */
export function emptyHost(): Scenario {
  const { host } = SCENARIOS.mixed!;
  return { host: { ...host, name: "hv-empty-01" }, modules: [], devices: [], processes: [] };
}

/** Markup that would do harm, and characters that would hide or turn text. */
export const HOSTILE = {
  markup: `<img src=x onerror=alert(1)>`,
  quotes: `"'><script>alert(2)</script>`,
  turned: "safe\u202Egnirts\u202C\u200B",
};

/** A host whose names are hostile, as far as the kernel lets people choose them. */
export function hostileHost(): Scenario {
  const { host, devices, processes, modules } = SCENARIOS.mixed!;
  return {
    modules,
    host: { ...host, name: HOSTILE.markup, kernel: `6.12${HOSTILE.quotes.replaceAll("/", "")}` },
    devices: devices.map((device): SimulatedDevice => ({
      ...device,
      mdevTypes: device.mdevTypes.map((type) => ({
        ...type,
        name: `${HOSTILE.markup} ${HOSTILE.turned} \u05d0\u05d1\u05d2`,
        description: HOSTILE.quotes,
      })),
    })),
    processes: processes.map((process) => ({ ...process, comm: `<b>${HOSTILE.turned}` })),
  };
}

/** A host whose names are as long as the kernel allows. */
export function longNamedHost(): Scenario {
  const { host, devices, ...rest } = SCENARIOS.mixed!;
  const long = "a-name-without-any-break-".repeat(8);
  return {
    ...rest,
    host: { ...host, name: `hypervisor-${"long-".repeat(10)}01.example.org` },
    devices: devices.map((device) => ({
      ...device,
      mdevTypes: device.mdevTypes.map((type) => ({ ...type, name: long, description: long })),
    })),
  };
}
