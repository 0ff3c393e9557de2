import type { Command } from "./command.ts";
import { HOST_OPTIONS, JSON_OUTPUT, PROBE_OPTIONS } from "./options.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Tell which devices can migrate, why the others cannot, and what to do about it",
  args: "[DEVICE…]",
  about:
    `For each VFIO device of this host, or those named, tells whether it can migrate at all, and what is
in the way with a remedy; virtual functions that wait for their VFIO driver are told of too, and count where they
are named. Opens idle devices as --probe says. Exit code 0 where all can migrate, 1 where one cannot, 3 where one is not known.`,
  options: [...HOST_OPTIONS, ...PROBE_OPTIONS, JSON_OUTPUT],
  run: async (context) => (await import("./run_doctor.ts")).runDoctor(context),
};
