import { Failure, Identity, IDENTITY_SCHEMA } from "../identity/mod.ts";

const REMEDY = "Write it with vfio-ask identity DEVICE on the source's host.";

/**
 * An identity from a file, or from standard input by `-`; null where there is no such file, so that the subject
 * may be a device. Throws a Failure that names the field where it is no identity.
 */
export async function readIdentityFile(subject: string): Promise<Identity | null> {
  const text = subject === "-"
    ? await new Response(Deno.stdin.readable).text()
    : await readFile(subject);
  if (text === null) return null;
  const refuse = (why: string, remedy = REMEDY) =>
    new Failure("bad-input", `Cannot read the identity in ${subject}: ${why}`, { subject, remedy });
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw refuse((cause as Error).message);
  }
  const schema = (document as { schema?: unknown } | null)?.schema;
  if (schema !== IDENTITY_SCHEMA) {
    throw refuse(
      `its schema is ${JSON.stringify(schema)}`,
      `Give one of schema ${IDENTITY_SCHEMA}.`,
    );
  }
  const read = Identity.safeParse(document);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw refuse(`${issue!.path.join(".")}: ${issue!.message}`);
}

async function readFile(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound && !path.endsWith(".json")) return null;
    throw new Failure("bad-input", `Cannot read ${path}`, {
      subject: path,
      remedy: "Name a file that holds an identity.",
      cause,
    });
  }
}
