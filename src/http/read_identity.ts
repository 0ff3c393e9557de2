import { TestTarget } from "../tasks/mod.ts";
import {
  Failure,
  type Identity,
  InvalidDocument,
  jsonPointer,
  readAs,
  readIdentity as readDocument,
  shorten,
} from "../documents/mod.ts";
import { reasonsNotToMigrate } from "../judge/ask/mod.ts";
import { HttpProblem } from "./problem.ts";

/**
 * Reads an identity from JSON. Throws a problem that names the field (as a pointer below `base`), its value and the
 * remedy. For a source that cannot migrate to any host, throws a problem with the reasons.
 */
export function readIdentity(body: unknown, base: readonly PropertyKey[] = []): Identity {
  const identity = orHttpProblem(body, base, readDocument);
  checkMigratable(identity, base);
  return identity;
}

/** Throws a problem with the reasons if a source cannot migrate to any host. */
export function checkMigratable(identity: Identity, base: readonly PropertyKey[] = []): void {
  const reasons = reasonsNotToMigrate(identity);
  if (reasons.length > 0) {
    throw new HttpProblem("source-cannot-migrate", reasons[0]!.sentence, {
      pointer: jsonPointer([...base, "migration", "uapi"]),
      value: identity.migration.uapi,
      remedy: "Bind the source to a driver that supports migration, and write its identity again.",
      reasons,
    });
  }
}

/** Reads a document. Turns what is wrong with it into a problem that names the field, its value and the remedy. */
export function orHttpProblem<T>(
  body: unknown,
  base: readonly PropertyKey[],
  read: (body: unknown, base: readonly PropertyKey[]) => T,
): T {
  try {
    return read(body, base);
  } catch (error) {
    if (error instanceof InvalidDocument) {
      const errors = error.issues.map(({ value = null, ...issue }) => ({ ...issue, value }));
      const [{ pointer, value }] = error.issues;
      throw new HttpProblem("identity-invalid", error.message, {
        pointer,
        value: value ?? null,
        remedy: error.remedy,
        errors,
      });
    }
    if (!(error instanceof Failure)) throw error;
    throw new HttpProblem("schema-unsupported", error.message, {
      pointer: jsonPointer([...base, "schema"]),
      value: shorten((body as { schema: unknown }).schema),
      remedy: error.remedy,
    });
  }
}

/** Reads a test request: a source, and a target that is a device or a type on a parent. */
export function readTest(body: unknown): { source: Identity; target: TestTarget } {
  const { source, target } = (body ?? {}) as { source?: unknown; target?: unknown };
  const { data } = readAs<TestTarget>(TestTarget, target);
  if (data === undefined) {
    throw new HttpProblem("bad-request", "target: not a device or a type on a parent", {
      pointer: "/target",
      value: shorten(target ?? null),
      remedy: 'Send { "device": ID } or { "type": TYPE, "parent": PARENT }.',
    });
  }
  return { source: readIdentity(source, ["source"]), target: data };
}
