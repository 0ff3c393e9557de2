/**
 * Asks once for all that ask within one turn of the event loop, which is shorter than any message takes to arrive: what
 * a client did before it asked is seen. Many connections at once cost one look at the host, not one each.
 */
export function oncePerTurn<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null;
  return () => {
    if (asked === null) {
      asked = ask();
      setTimeout(() => asked = null, 0);
    }
    return asked;
  };
}
