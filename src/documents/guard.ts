import type * as z from "zod/mini";

/** Whether a value matches a schema. */
type Guard = (value: unknown) => boolean;

type Schema = z.core.$ZodType;
type Check = z.core.$ZodCheck<never>;

const GUARDS = new WeakMap<Schema, Guard>();

/**
 * A fast check that a value matches a schema. It is built once from the schema and copies nothing. If it returns true,
 * the schema accepts the value. If it returns false, the schema must decide and report the issues, because the guard does
 * not support all kinds of schemas.
 */
export function guardOf(schema: Schema): Guard {
  const known = GUARDS.get(schema);
  if (known !== undefined) return known;
  const guard = makeGuard(schema as z.core.$ZodTypes);
  GUARDS.set(schema, guard);
  return guard;
}

/** A guard that is built on first use, because many fields are absent, null or empty in every document. */
function guardLater(schema: Schema): Guard {
  let guard: Guard | undefined;
  return (value) => (guard ??= guardOf(schema))(value);
}

function makeGuard({ _zod: { def } }: z.core.$ZodTypes): Guard {
  const checked = (is: Guard): Guard => {
    const checks = (def.checks ?? []).map(guardOfCheck);
    if (checks.length === 0) return is;
    return (value) => {
      if (!is(value)) return false;
      for (const check of checks) if (!check(value)) return false;
      return true;
    };
  };
  switch (def.type) {
    case "lazy":
      return checked(guardOf(def.getter()));
    case "string":
      return checked("format" in def ? guardOfFormat(def.format) : isString);
    case "number":
      return "format" in def
        ? checked(def.format === "safeint" ? Number.isSafeInteger : NEVER)
        : checked(Number.isFinite);
    case "boolean":
      return checked((value) => typeof value === "boolean");
    case "unknown":
      return (value) => value !== undefined;
    case "literal":
    case "enum": {
      const values = new Set<unknown>(
        def.type === "enum" ? Object.values(def.entries) : def.values,
      );
      return (value) => values.has(value);
    }
    case "nullable": {
      const inner = guardLater(def.innerType);
      return (value) => value === null || inner(value);
    }
    case "optional": {
      const inner = guardLater(def.innerType);
      return (value) => value === undefined || inner(value);
    }
    case "union": {
      const options = def.options.map(guardLater);
      return checked((value) => options.some((option) => option(value)));
    }
    case "array": {
      const element = guardLater(def.element);
      return checked((value) => Array.isArray(value) && value.every(element));
    }
    case "tuple": {
      const items = def.items.map(guardOf);
      if (def.rest !== null) return NEVER;
      return checked((value) =>
        Array.isArray(value) && value.length === items.length &&
        items.every((item, index) => item(value[index]))
      );
    }
    case "record": {
      const [key, inner] = [guardLater(def.keyType), guardLater(def.valueType)];
      return checked((value) =>
        isObject(value) &&
        Object.keys(value).every((name) => name !== "__proto__" && key(name) && inner(value[name]))
      );
    }
    case "object":
      return checked(guardOfObject(def));
    default:
      return NEVER;
  }
}

/** The guard of an object that keeps unknown fields. Other objects are left to the schema. */
function guardOfObject({ shape, catchall }: z.core.$ZodObjectDef): Guard {
  if (catchall?._zod.def.type !== "unknown") return NEVER;
  const fields = Object.entries(shape).map(([name, schema]) => [name, guardOf(schema)] as const);
  return (value) => {
    if (!isObject(value)) return false;
    for (const [name, guard] of fields) if (!guard(value[name])) return false;
    return true;
  };
}

/** Stricter than zod, which also accepts blanks. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function guardOfFormat(format: unknown): Guard {
  return format === "base64"
    ? (value) => isString(value) && value.length % 4 === 0 && BASE64.test(value)
    : NEVER;
}

function guardOfCheck(check: Check): Guard {
  const { def } = (check as unknown as z.core.$ZodChecks | z.core.$ZodCustom)._zod;
  switch (def.check) {
    case "min_length":
      return (value) => (value as string).length >= def.minimum;
    case "max_length":
      return (value) => (value as string).length <= def.maximum;
    case "greater_than":
      return (value) =>
        def.inclusive ? value as number >= Number(def.value) : value as number > Number(def.value);
    case "less_than":
      return (value) =>
        def.inclusive ? value as number <= Number(def.value) : value as number < Number(def.value);
    case "number_format":
      return def.format === "safeint" ? Number.isSafeInteger : NEVER;
    case "string_format": {
      const { format, pattern } = def;
      if (format !== "regex" || pattern === undefined || pattern.global || pattern.sticky) {
        return NEVER;
      }
      return (value) => pattern.test(value as string);
    }
    case "custom":
      return (value) => def.fn(value) === true;
    default:
      return NEVER;
  }
}

/** Leaves the decision to the schema. */
const NEVER: Guard = () => false;

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
