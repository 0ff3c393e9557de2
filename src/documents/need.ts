import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import { Check } from "./migration.ts";
import type { CodeOf } from "./reason_codes.ts";

/**
 * The state of a need. `open`: the options of the destination's QEMU must meet it. `unmet`: it cannot be met, which
 * refuses the migration.
 */
export const NEED_STATES = ["met", "open", "unknown", "unmet"] as const;
export type NeedState = (typeof NEED_STATES)[number];

/** How to set an option: on QEMU's command line, and in libvirt's XML; null if libvirt has no way. */
export const NeedOption = z.lazy(() =>
  z.looseObject({ qemu: z.string(), libvirt: z.nullable(z.string()) })
);
export type NeedOption = Known<z.infer<typeof NeedOption>>;

/**
 * A requirement of the virtual machine monitor of one side. Without it, the monitor refuses the migration, whatever the
 * drivers say. A need of the source cannot be met after the machine has started.
 */
export const Need = z.lazy(() =>
  z.looseObject({
    code: codeField<CodeOf<"needs", "need">>(),
    side: z.enum(["source", "host"]),
    state: z.enum(NEED_STATES),
    sentence: z.string(),
    /** Null if only another version meets it. */
    option: z.nullable(NeedOption),
    /** The kernel check behind it. */
    check: z.optional(Check),
  })
);
export type Need = Known<z.infer<typeof Need>>;
