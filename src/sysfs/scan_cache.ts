import { listDirectory } from "./attribute.ts";

/** What one scan of a host has read so far and needs again; a new scan takes a new one. */
export type ScanCache = Map<string, unknown>;

/** What `make` gives, made once a scan. What it throws is not remembered. */
export function remembered<T>(cache: ScanCache, key: string, make: () => T): T {
  if (!cache.has(key)) cache.set(key, make());
  return cache.get(key) as T;
}

/** The names in a directory, listed once a scan: to try a name that is not there costs as much as to read one that is. */
export function namesIn(cache: ScanCache, path: string): ReadonlySet<string> {
  return remembered(cache, `names ${path}`, () => new Set(listDirectory(path)));
}
