import { HttpProblem } from "./problem.ts";

/** The process at the other end of a connection over the Unix socket. */
export interface Caller {
  uid: number;
  gids: readonly number[];
}

/** Who may start preflights. */
export interface Permitted {
  /** The bearer token; null for none. */
  token: string | null;
  /** The number of the group whose members may, over the Unix socket; null for none. */
  group: number | null;
  /** The server's own user. */
  uid: number | null;
  /** The callers of all open connections over the Unix socket. */
  callers: () => readonly Caller[];
}

/**
 * Decides whether a request may start a preflight or make something. Throws an {@link HttpProblem} if not.
 *
 * Everybody who can connect may ask. A preflight opens devices and hands data to a driver. It needs the bearer token, or
 * the Unix socket with a caller that is root, the server's user, or in the group. The kernel does not say which
 * connection a request came from, so all callers with an open connection must be permitted.
 */
export type Authorise = (request: Request, arrival: { unix: boolean }) => Promise<void>;

/** Makes the decision for the permitted callers. */
export function makeAuthorise({ token, group, uid, callers }: Permitted): Authorise {
  const isPermitted = (caller: Caller): boolean =>
    caller.uid === 0 || caller.uid === uid || (group !== null && caller.gids.includes(group));
  return async (request, { unix }) => {
    const given = request.headers.get("authorization");
    if (given !== null) {
      const [, word = ""] = /^bearer +(\S+)$/i.exec(given) ?? [];
      if (token !== null && isSame(word, token)) return;
      throw notAuthorised("The Authorization header has no valid token", token);
    }
    if (!unix) throw notAuthorised("This needs a token, or the Unix socket", token);
    const all = callers();
    // A caller that has left is not among them. One turn later, Deno has noticed that.
    await new Promise((resolve) => setTimeout(resolve));
    if (request.signal.aborted) {
      throw new HttpProblem("client-gone", "The client closed the connection before the answer");
    }
    if (all.length > 0 && all.every(isPermitted)) return;
    throw notAuthorised("Not every caller on the Unix socket is in the permitted group", token);
  };
}

function notAuthorised(detail: string, token: string | null): HttpProblem {
  return new HttpProblem("not-authorised", detail, {
    remedy: token === null
      ? "Use the Unix socket as root or as a member of the group of serve --group, " +
        "or start the server with --token-file."
      : "Send Authorization: Bearer and the token of the server's --token-file, " +
        "or use the Unix socket as a member of the group of serve --group.",
  });
}

/** Compares texts. The time does not depend on where they differ. */
function isSame(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let at = 0; at < expected.length; at++) {
    difference |= given.charCodeAt(at % (given.length || 1)) ^ expected.charCodeAt(at);
  }
  return difference === 0;
}
