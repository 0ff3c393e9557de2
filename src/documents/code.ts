import * as z from "zod/mini";

/**
 * A code that is not in the tables: from an operator's rule, or from a document of another version. It is an enumeration
 * only so that the code cannot write or compare it as text.
 */
export declare enum OtherCode {
  Any = "",
}

/** A code with its level in a table. */
export type Leveled<Table> = {
  [Level in keyof Table]: { level: Level; code: keyof Table[Level] };
}[keyof Table];

/** A field for a code. Codes that the program writes are in a table. When reading, any code that fits `text` is kept. */
export function codeField<Code extends string>(text: z.ZodMiniType<string> = z.string()) {
  return text as z.ZodMiniType<Code | OtherCode>;
}
