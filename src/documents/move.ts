import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { MOVE_SCHEMA } from "./schemas.ts";

/** A new mdev: its definition as `mdevctl define --jsonfile` takes it, and as `virsh nodedev-create` does. */
export const MdevDefinition = z.lazy(() =>
  z.looseObject({
    uuid: z.string(),
    parent: z.string(),
    mdevctl: z.looseObject({
      mdev_type: z.string(),
      start: z.literal("manual"),
      attrs: z.array(z.record(z.string(), z.string())),
    }),
    /** Null if libvirt's name of the parent is not known. */
    nodedev: z.nullable(z.string()),
  })
);
export type MdevDefinition = Known<z.infer<typeof MdevDefinition>>;

/** What to do on both hosts for one plan of a virtual machine. */
export const Move = z.lazy(() =>
  z.looseObject({
    schema: z.literal(MOVE_SCHEMA),
    /** The plan's id. */
    plan: z.string(),
    verdict: z.enum(["compatible", "unknown"]),
    now: z.boolean(),
    machine: z.nullable(z.looseObject({ name: z.string(), uuid: z.nullable(z.string()) })),
    from: z.string(),
    to: z.string(),
    /** Where each source goes: the name of the device on the destination, and whether it must be made. */
    devices: z.array(
      z.looseObject({ source: z.string(), device: z.string(), isNew: z.boolean() }),
    ),
    definitions: z.array(MdevDefinition),
    /** Shell commands on the destination and then on the source, as root, in their order. */
    commands: z.looseObject({ destination: z.array(z.string()), source: z.array(z.string()) }),
    /** The destination's domain XML; null if the source's is not known. */
    xml: z.nullable(z.string()),
    /** Whether the XML differs from the source's. */
    xmlChanged: z.boolean(),
    /** What a person still has to look at. */
    look: z.array(z.string()),
  })
);
export type Move = Known<z.infer<typeof Move>>;
