/**
 * What a plan means on both hosts: the XML, the definitions and the commands.
 *
 * Question: the plan says where each device goes; what does an administrator do now? Choice: pure functions of the plan
 * and the machine. The XML of the destination is the source's, with other attributes in the `<source>` of its VFIO
 * devices alone. It is cut at the offsets of an XML parser, and read again afterwards. A new mdev has the UUID of the
 * source where that is free, because then libvirt needs no other XML. What cannot be expressed is an error with its
 * reason, never something near it. What no plan knows, such as the VLAN of a virtual function, is listed to be looked at.
 * Given up: running any of it, and a machine whose device changes its kind from mdev to PCI.
 *
 * @module
 */
export * from "./define_mdev.ts";
export * from "./make_move.ts";
export type * from "./question.ts";
export * from "./script.ts";
