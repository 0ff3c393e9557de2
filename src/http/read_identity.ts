import { TestTarget } from "../agent/mod.ts";
import { checkSchema, Failure, Identity, IDENTITY_SCHEMA, jsonPointer } from "../identity/mod.ts";
import { reasonsNotToMigrate } from "../compat/mod.ts";
import { HttpProblem } from "./problem.ts";

/** How many of the places that are wrong are told: a small document can have a great many. */
const MAX_ERRORS = 20;

/** What is wrong with a document, at which place. */
interface Issue {
  path: readonly PropertyKey[];
  message: string;
}

/**
 * Reads an identity from JSON. Throws a problem that names the field (as a pointer below `base`), its value
 * and the remedy; or, for a source that cannot migrate wherever to, one with the reasons.
 */
export function readIdentity(body: unknown, base: readonly PropertyKey[] = []): Identity {
  const read = Identity.safeParse(knownSchema(body, base));
  if (!read.success) throw invalidIdentity(body, read.error.issues, base);
  const reasons = reasonsNotToMigrate(read.data);
  if (reasons.length > 0) {
    throw new HttpProblem("source-cannot-migrate", reasons[0]!.sentence, {
      pointer: jsonPointer([...base, "migration", "uapi"]),
      value: read.data.migration.uapi,
      remedy: "Bind the source to a driver that supports migration, and write its identity again.",
      reasons,
    });
  }
  return read.data;
}

/** An identity of this version; what has no schema at all is left to be told with whatever else is wrong. */
function knownSchema(body: unknown, base: readonly PropertyKey[]): unknown {
  const schema = (body as { schema?: unknown } | null)?.schema;
  if (typeof schema !== "string") return body;
  try {
    return checkSchema(body, IDENTITY_SCHEMA);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new HttpProblem("schema-unsupported", error.message, {
      pointer: jsonPointer([...base, "schema"]),
      value: schema,
      remedy: error.remedy,
    });
  }
}

/** Reads a request to test: a source, and a target that is a device or a type on a parent. */
export function readTest(body: unknown): { source: Identity; target: TestTarget } {
  const { source, target } = (body ?? {}) as { source?: unknown; target?: unknown };
  const read = TestTarget.safeParse(target);
  if (!read.success) {
    throw new HttpProblem("bad-request", "target: neither a device nor a type on a parent", {
      pointer: "/target",
      value: shorten(target ?? null),
      remedy: 'Send { "device": ID } or { "type": TYPE, "parent": PARENT }.',
    });
  }
  return { source: readIdentity(source, ["source"]), target: read.data as TestTarget };
}

function invalidIdentity(body: unknown, issues: readonly Issue[], base: readonly PropertyKey[]) {
  const errors = issues.slice(0, MAX_ERRORS).map(({ path, message }) => ({
    pointer: jsonPointer([...base, ...path]),
    value: shorten(valueAt(body, path)),
    detail: message,
  }));
  const [first] = errors;
  return new HttpProblem(
    "identity-invalid",
    `${first!.pointer || "the document"}: ${first!.detail}`,
    {
      pointer: first!.pointer,
      value: first!.value,
      remedy: "Send the document as vfio-ask identity prints it.",
      errors,
    },
  );
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value === undefined ? null : value;
}

/** A value as it is told back: long ones are cut. */
function shorten(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text !== undefined && text.length > 200 ? `${text.slice(0, 200)}…` : value;
}
