import type { Need, RunningVmm } from "../../documents/mod.ts";

/**
 * QEMU removes a versioned machine type after this many major versions: 10.x may lack 4.x. Source: QEMU
 * docs/about/deprecated.rst, "versioned machine types": deprecated after 3 years, removed after 6.
 */
const REMOVED_AFTER_MAJORS = 6;

/**
 * The destination needs the source's machine type. A QEMU has the machine types of its own version and of some earlier
 * versions. A name without a version is a different machine in each QEMU. A distribution's name (`pc-q35-rhel9.6.0`)
 * does not show QEMU's version.
 *
 * Source: migration/savevm.c `configuration_post_load()`: "Machine type received is '%s' and local is '%s'".
 */
export function machineTypeNeed(vmm: RunningVmm | null, qemu: string | null): Need[] {
  const machineType = vmm?.machineType;
  if (machineType == null || !machineType.includes("-")) return [];
  const state = stateOf(machineType, qemu);
  const here = qemu === null ? "this host has an unknown QEMU" : `this host has QEMU ${qemu}`;
  return [{
    code: "MachineType",
    side: "host",
    state,
    sentence: `QEMU: the destination needs the source's machine type ${machineType}; ${here}` +
      { open: "", met: "", unknown: ", which may not have it", unmet: ", which is too old" }[state],
    option: {
      qemu: `-machine ${machineType}`,
      libvirt: `<type machine='${machineType}'>hvm</type>`,
    },
  }];
}

function stateOf(machineType: string, qemu: string | null): Need["state"] {
  const wanted = /-(\d+)\.(\d+)$/.exec(machineType);
  const there = /^(\d+)\.(\d+)/.exec(qemu ?? "");
  if (wanted === null || there === null) return "unknown";
  const [major, minor] = [Number(wanted[1]), Number(wanted[2])];
  const [ours, oursMinor] = [Number(there[1]), Number(there[2])];
  if (major > ours || (major === ours && minor > oursMinor)) return "unmet";
  return ours - major >= REMOVED_AFTER_MAJORS ? "unknown" : "open";
}
