/**
 * Shares one call among all callers within one turn of the event loop, so that many simultaneous requests observe the
 * host once. A caller that names a device gets its own call.
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
