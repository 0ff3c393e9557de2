import type { Need, RunningVmm } from "../../documents/mod.ts";

/**
 * After so many major versions QEMU removes a versioned machine type: 10.x may lack 4.x. Source: QEMU
 * docs/about/deprecated.rst, "versioned machine types": deprecated after 3 years, removed after 6.
 */
const REMOVED_AFTER_MAJORS = 6;

/**
 * That the destination is started with the source's machine type, and that its QEMU has that: it has those of its own
 * version and of some before. A name without a version is another machine in each QEMU; one of a distribution
 * (`pc-q35-rhel9.6.0`) says nothing of QEMU's version.
 *
 * Source: migration/savevm.c `configuration_post_load()`: "Machine type received is '%s' and local is '%s'".
 */
export function machineTypeNeed(vmm: RunningVmm | null, qemu: string | null): Need[] {
  const machineType = vmm?.machineType;
  if (machineType == null || !machineType.includes("-")) return [];
  const state = stateOf(machineType, qemu);
  const here = qemu === null ? "the QEMU of this host is not known" : `this host has QEMU ${qemu}`;
  return [{
    code: "MachineType",
    side: "host",
    state,
    sentence: `QEMU: the destination needs the source's machine type ${machineType}, and ${here}` +
      { open: "", met: "", unknown: ", which may not have it", unmet: ", which is older" }[state],
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
