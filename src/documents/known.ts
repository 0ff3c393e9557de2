/**
 * A document's type without the index signatures for unknown fields, at every depth: only the fields that this program
 * knows. A plain record does not change.
 */
export type Known<T> = T extends readonly unknown[] ? { [K in keyof T]: Known<T[K]> }
  : T extends object ? keyof Named<T> extends never ? { [K in keyof T]: Known<T[K]> }
    : { [K in keyof Named<T>]: Known<Named<T>[K]> }
  : T;

type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
