import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import { Check } from "./migration.ts";
import type { CodeOf } from "./reason_codes.ts";

/**
 * How a need stands: `met`; `open`, who starts the destination's QEMU must meet it; `unknown`, whether it is met; `unmet`
 * for good, which refuses.
 */
export const NEED_STATES = ["met", "open", "unknown", "unmet"] as const;
export type NeedState = (typeof NEED_STATES)[number];

/** How an option is set: for QEMU's command line, and in libvirt's XML, null where libvirt has no way. */
export const NeedOption = z.lazy(() =>
  z.looseObject({ qemu: z.string(), libvirt: z.nullable(z.string()) })
);
export type NeedOption = Known<z.infer<typeof NeedOption>>;

/**
 * Something without which the virtual machine monitor of one side refuses the migration, whatever the drivers say.
 * The source's cannot be met any more once the machine runs.
 */
export const Need = z.lazy(() =>
  z.looseObject({
    code: codeField<CodeOf<"needs", "need">>(),
    side: z.enum(["source", "host"]),
    state: z.enum(NEED_STATES),
    sentence: z.string(),
    /** Null where no option meets it, but another version. */
    option: z.nullable(NeedOption),
    /** The kernel's answer behind it. */
    check: z.optional(Check),
  })
);
export type Need = Known<z.infer<typeof Need>>;
