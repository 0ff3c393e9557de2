/**
 * The virtual machines of this host that use VFIO devices.
 *
 * Question: which machine uses which devices, and with which QEMU, machine type and options? Choice: a process of QEMU
 * that holds a VFIO node is a machine, with what its command line says. libvirt knows machines that are off, and the XML
 * that a migration needs; it is asked by `virsh`, whose output has been stable for years. A device counts only if the
 * host says that the process holds it: a command line does not change when a device is unplugged. What nobody says is
 * null, which is not QEMU's default. Given up: the monitor of QEMU, which has one user, libvirt; libvirt's own protocol;
 * and monitors other than QEMU.
 *
 * @module
 */
export * from "./change_domain_xml.ts";
export * from "./describe_machine.ts";
export * from "./domain_xml.ts";
export * from "./list_machines.ts";
export * from "./read_machines.ts";
