import { Failure } from "./failure.ts";

/**
 * Returns the document if its `schema` is `current` (`vfio-ask/snapshot/v1`).
 *
 * Throws a {@link Failure} that names the schema if the document has another kind or a newer version.
 */
export function checkSchema(document: unknown, current: string): unknown {
  const given = (document as { schema?: unknown } | null)?.schema;
  if (given === current) return document;
  const [kind, version] = splitSchema(current)!;
  const found = typeof given === "string" ? splitSchema(given) : null;
  const isNewer = found !== null && found[0] === kind && found[1] > version;
  throw isNewer
    ? new Failure(
      "bad-input",
      `its schema is ${given}, but this version reads only up to ${current}`,
      {
        subject: "/schema",
        remedy: `Use a version of vfio-ask that reads ${given}, or send ${current}.`,
      },
    )
    : new Failure(
      "bad-input",
      `its schema is ${given === undefined ? "missing" : JSON.stringify(given)}, not ${current}`,
      { subject: "/schema", remedy: `Give a document of schema ${current}.` },
    );
}

function splitSchema(schema: string): [kind: string, version: number] | null {
  const match = /^(vfio-ask\/[a-z-]+)\/v([1-9]\d{0,5})$/.exec(schema);
  return match === null ? null : [match[1]!, Number(match[2])];
}
