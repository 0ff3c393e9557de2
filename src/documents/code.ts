import * as z from "zod/mini";

/**
 * A code that is in no table of ours: of an operator's rule, or in a document of another version. An enumeration in name
 * only, so that no text can be written for it, nor compared with it.
 */
export declare enum OtherCode {
  Any = "",
}

/** A code, with the level at which a table has it. */
export type Leveled<Table> = {
  [Level in keyof Table]: { level: Level; code: keyof Table[Level] };
}[keyof Table];

/** A code as a field: what we write is in a table, and of what we read any code is kept that fits the text's schema. */
export function codeField<Code extends string>(text: z.ZodMiniType<string> = z.string()) {
  return text as z.ZodMiniType<Code | OtherCode>;
}
