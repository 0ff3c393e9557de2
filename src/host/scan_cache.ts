import { namesIn } from "./attribute.ts";

/** What one scan has read so far and may need again. A new scan takes a new one. */
export type ScanCache = Map<string, unknown>;

/** The result of `make`, called once per scan. Exceptions are not cached. */
export function remembered<T>(cache: ScanCache, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined || cache.has(key)) return known as T;
  const made = make();
  cache.set(key, made);
  return made;
}

/** The names in a device's directory, listed once per scan. */
export function namesOfDevice(cache: ScanCache, path: string): ReadonlySet<string> {
  return remembered(cache, `names ${path}`, () => namesIn(path));
}
