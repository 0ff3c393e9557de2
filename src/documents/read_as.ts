import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { guardOf } from "./guard.ts";
import { jsonPointer } from "./json_pointer.ts";
import { shorten, shown } from "./shorten.ts";

/** One error in a document: a JSON pointer, the value and what is expected. */
export interface Issue {
  pointer: string;
  /** Shortened; missing if the document has no value there. */
  value?: unknown;
  /** `expected number, received string`. */
  detail: string;
}

/** A valid document, or its issues. */
export type ReadAs<T> =
  | { data: T; issues?: undefined }
  | { data?: undefined; issues: [Issue, ...Issue[]] };

/** The largest number of reported issues: a small document can have very many. */
export const MAX_ISSUES = 20;

/**
 * Checks a document against a schema. The data is the document itself, including fields that the schema does not name.
 * `base` is its path in a larger document.
 */
export function readAs<T>(
  schema: z.core.$ZodType,
  document: unknown,
  base: readonly PropertyKey[] = [],
): ReadAs<T> {
  if (guardOf(schema)(document)) return { data: document as T };
  // Without a language, zod says only "Invalid input".
  z.config(en());
  const read = z.safeParse(schema, document);
  if (read.success) return { data: read.data as T };
  const toIssue = (issue: z.core.$ZodIssue): Issue => {
    const { path, message } = deepest(issue);
    const value = valueAt(document, path);
    return {
      pointer: jsonPointer([...base, ...path]),
      ...(value === undefined ? {} : { value: shorten(value) }),
      detail: message,
    };
  };
  const [first, ...others] = read.error.issues as [z.core.$ZodIssue, ...z.core.$ZodIssue[]];
  return { issues: [toIssue(first), ...others.slice(0, MAX_ISSUES - 1).map(toIssue)] };
}

/** An issue in a sentence: `/bars/0/size is -1: expected number to be >=0`. */
export function describeIssue({ pointer, value, detail }: Issue): string {
  const at = pointer === "" ? "the document" : pointer;
  return `${at} is ${value === undefined ? "missing" : shown(value)}: ${detail}`;
}

interface Found {
  path: readonly PropertyKey[];
  message: string;
}

/** If no option of a union fits, reports the one that got furthest, or all that got equally far. */
function deepest({ path, message, ...issue }: z.core.$ZodIssue): Found {
  const plain = { path, message: message.replace(/^(?:Invalid|Too) \w+: /, "") };
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return plain;
  const found = issue.errors.flatMap(([first]) => first === undefined ? [] : [deepest(first)]);
  const furthest = Math.max(...found.map(({ path }) => path.length));
  const meant = found.filter(({ path }) => path.length === furthest);
  const messages = new Set(meant.map(({ message }) => message));
  return {
    path: [...path, ...meant[0]?.path ?? []],
    message: messages.size === 0 ? plain.message : [...messages].join("; or "),
  };
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}
