/**
 * Asks once for all that ask within one turn of the event loop, which is shorter than any message takes to arrive. Many
 * connections at once cost one look at the host, not one each. Who names a device asks for himself.
 */
export function oncePerTurn<T>(
  ask: (named?: string) => Promise<T>,
): (named?: string) => Promise<T> {
  let asked: Promise<T> | null = null;
  return (named) => {
    if (named !== undefined) return ask(named);
    if (asked === null) {
      asked = ask();
      setTimeout(() => asked = null, 0);
    }
    return asked;
  };
}
