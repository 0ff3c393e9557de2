/**
 * What to do on both hosts for a plan.
 *
 * Question: a plan says where each device of a virtual machine goes; which domain XML, which definitions of mdevs and
 * which commands carry it out? Choice: pure functions of the plan, the machine and the destination's snapshot, which
 * return one document. The XML is the source's, with only the `<source>` of its VFIO devices replaced, so nothing else
 * can change. A new mdev has the source's own UUID if that is free: then the XML needs no change, and `virsh migrate`
 * works without one. Otherwise its UUID is derived from the source and the host, so that XML, definitions and commands
 * that are printed one after another name the same. Given up: running anything; and to write a domain, which only its
 * owner can.
 *
 * @module
 */
export * from "./describe_move.ts";
export * from "./make_move.ts";
