import { identify } from "../documents/mod.ts";
import { type Command, NO, UNKNOWN, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { JSON_ALWAYS, LOOK_OPTIONS, PREFLIGHT_OPTIONS, usage } from "./options.ts";
import { identifyHere, recover } from "./trials.ts";
import { VMM_OPTIONS, vmmOption } from "./vmm_options.ts";

export const command: Command = {
  args: "DEVICE",
  about:
    `Prints the JSON document that describes a source. Pass it to vfio-ask ask, or to POST /v1/ask, on
another host. With --initial-data, it contains the driver's initial data for the target's driver
to test. The data is read from the device, or from an idle sibling if the device is in use, and
the device that was read is reset. --qemu-version and the options after it describe the QEMU that
runs the device; what QEMU refuses depends on them.

Exit code 0 if the device can migrate, 1 if it cannot, 3 if this is unknown.`,
  options: [
    ...LOOK_OPTIONS,
    { name: "initial-data", help: "Include the device's initial data, read through its driver" },
    ...PREFLIGHT_OPTIONS,
    ...VMM_OPTIONS,
    JSON_ALWAYS,
  ],
  async run(context) {
    const [device, ...rest] = context.args;
    if (device === undefined || rest.length > 0) {
      throw usage("identity needs one DEVICE", "Run vfio-ask devices to list the devices.");
    }
    const vmm = vmmOption(context);
    if (context.options["initial-data"]) await recover(context);
    const snapshot = await lookAtHost(context);
    const identity = context.options["initial-data"]
      ? (await identifyHere(context, snapshot, device)).identity
      : identify(snapshot, device);
    const document = vmm === null ? identity : { ...identity, vmm };
    context.terminal.out(json(document));
    const { uapi } = document.migration;
    return uapi === "none" ? NO : uapi === "unknown" ? UNKNOWN : YES;
  },
};
