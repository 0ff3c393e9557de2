import { Failure } from "../documents/mod.ts";

/** A token that cannot be guessed: 128 bits in base64 or hex, in the characters of RFC 6750. */
const TOKEN = /^[\w.~+/=-]{22,512}$/;

/**
 * Reads the bearer token of a file. White space at the end is ignored. Source: the file, such as a credential of
 * systemd. Throws a {@link Failure} if it cannot be read, others can read it, or it is no token. No error has the token.
 */
export function readToken(path: string): string {
  const refuse = (why: string, remedy: string, cause?: unknown): Failure =>
    new Failure("bad-input", `Cannot use the token in ${path}: ${why}`, {
      subject: path,
      remedy,
      cause,
    });
  const { mode, text } = readFile(path, refuse);
  if ((mode & 0o007) !== 0) {
    const why = `mode ${(mode & 0o777).toString(8).padStart(4, "0")}, so every user can use it`;
    throw refuse(why, `Run chmod o= ${path}.`);
  }
  const token = text.trimEnd();
  if (TOKEN.test(token)) return token;
  const why = "it must have 22 to 512 letters, digits or characters of -._~+/=";
  throw refuse(why, "For example, use the output of openssl rand -hex 32.");
}

function readFile(
  path: string,
  refuse: (why: string, remedy: string, cause?: unknown) => Failure,
): { mode: number; text: string } {
  try {
    return { mode: Deno.statSync(path).mode ?? 0, text: Deno.readTextFileSync(path) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refuse(why, "Check --token-file, or the credential of the service.", cause);
  }
}

/**
 * The file of the token: the named one, otherwise the credential `token` of the service, if there is one. Source:
 * systemd.exec(5), `$CREDENTIALS_DIRECTORY`.
 */
export function findTokenFile(
  named: string | null,
  credentialsDirectory: string | undefined,
): string | null {
  if (named !== null || !credentialsDirectory) return named;
  const path = `${credentialsDirectory}/token`;
  return exists(path) ? path : null;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
