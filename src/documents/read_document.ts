import { Failure } from "./failure.ts";
import { Identity } from "./identity.ts";
import { describeIssue, type Issue, type ReadAs, readAs } from "./read_as.ts";
import { checkSchema } from "./schema_version.ts";
import { IDENTITY_SCHEMA } from "./schemas.ts";

/** A kind of document that comes from another host or from a person. */
export interface DocumentKind<T> {
  /** Its name for people: `identity`. */
  name: string;
  schema: string;
  /** Checks a document against the schema. `base` is its path in a larger document. */
  read: (document: unknown, base: readonly PropertyKey[]) => ReadAs<T>;
  /** What to do if the document is wrong, one imperative sentence. */
  remedy: string;
}

const IDENTITY_DOCUMENT: DocumentKind<Identity> = {
  name: "identity",
  schema: IDENTITY_SCHEMA,
  read: (document, base) => readAs(Identity, document, base),
  remedy: `Give a document of schema ${IDENTITY_SCHEMA}, as vfio-ask identity DEVICE prints it.`,
};

/** A document that does not match its schema, with all issues. */
export class InvalidDocument extends Failure {
  constructor(
    readonly issues: readonly [Issue, ...Issue[]],
    kind: Pick<DocumentKind<unknown>, "remedy">,
  ) {
    const more = issues.length - 1;
    super("bad-input", `${describeIssue(issues[0])}${more === 0 ? "" : `, and ${more} more`}`, {
      subject: issues[0].pointer,
      remedy: kind.remedy,
    });
  }
}

/**
 * Reads a document of a kind, for the command line and for HTTP. `base` is its path in a larger document.
 *
 * Throws an {@link InvalidDocument}, or a {@link Failure} about `/schema` if it has another kind or a newer version.
 */
export function readDocument<T>(
  kind: DocumentKind<T>,
  document: unknown,
  base: readonly PropertyKey[] = [],
): T {
  // A missing schema is reported together with the other issues.
  const schema = (document as { schema?: unknown } | null)?.schema;
  if (typeof schema === "string") checkSchema(document, kind.schema);
  const { data, issues } = kind.read(document, base);
  if (issues === undefined) return data;
  throw new InvalidDocument(issues, kind);
}

/** Reads the identity of a source; see {@link readDocument}. */
export function readIdentity(document: unknown, base: readonly PropertyKey[] = []): Identity {
  return readDocument(IDENTITY_DOCUMENT, document, base);
}
