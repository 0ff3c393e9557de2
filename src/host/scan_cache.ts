import { namesIn } from "./attribute.ts";

/** What one scan of a host has read so far and needs again; a new scan takes a new one. */
export type ScanCache = Map<string, unknown>;

/** What `make` gives, made once a scan. What it throws is not remembered. */
export function remembered<T>(cache: ScanCache, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined || cache.has(key)) return known as T;
  const made = make();
  cache.set(key, made);
  return made;
}

/** The names in a device's directory, listed once a scan. */
export function namesOfDevice(cache: ScanCache, path: string): ReadonlySet<string> {
  return remembered(cache, `names ${path}`, () => namesIn(path));
}
