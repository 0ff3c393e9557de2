import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { guardOf } from "./guard.ts";
import { jsonPointer } from "./json_pointer.ts";
import { shorten, shown } from "./shorten.ts";

/** One place where a document is wrong: a JSON pointer, what is there and what is expected. */
export interface Issue {
  pointer: string;
  /** Shortened; left out where nothing is there. */
  value?: unknown;
  /** `expected number, received string`. */
  detail: string;
}

/** A document that is as it must be, or what is wrong with it. */
export type ReadAs<T> =
  | { data: T; issues?: undefined }
  | { data?: undefined; issues: [Issue, ...Issue[]] };

/** How many wrong places are told: a small document can have a great many. */
export const MAX_ISSUES = 20;

/**
 * Holds a document against a schema. The data are the document itself, fields included that the schema does not name.
 * `base` is where it is in a larger document.
 */
export function readAs<T>(
  schema: z.core.$ZodType,
  document: unknown,
  base: readonly PropertyKey[] = [],
): ReadAs<T> {
  if (guardOf(schema)(document)) return { data: document as T };
  // Without a language zod says no more than "Invalid input".
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

/** Where no option of a union fits, the one that went furthest is the one that was meant; of equal ones, all are told. */
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
