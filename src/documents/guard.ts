import type * as z from "zod/mini";

/** Whether a value is as a schema wants it. */
type Guard = (value: unknown) => boolean;

type Schema = z.core.$ZodType;
type Check = z.core.$ZodCheck<never>;

const GUARDS = new WeakMap<Schema, Guard>();

/**
 * A fast test that a value fits a schema: made once of the schema itself, so that both say the same. It copies nothing. A yes
 * is the schema's own yes. A no may be that of a schema of a kind that is not known here: the schema itself decides then,
 * and says what is wrong.
 */
export function guardOf(schema: Schema): Guard {
  const known = GUARDS.get(schema);
  if (known !== undefined) return known;
  const guard = makeGuard(schema as z.core.$ZodTypes);
  GUARDS.set(schema, guard);
  return guard;
}

/** The guard of a schema, made when the first value comes: many a field is absent, null or empty in every document. */
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

/** Of an object that keeps the fields which its schema does not name; any other is left to the schema itself. */
function guardOfObject({ shape, catchall }: z.core.$ZodObjectDef): Guard {
  if (catchall?._zod.def.type !== "unknown") return NEVER;
  const fields = Object.entries(shape).map(([name, schema]) => [name, guardOf(schema)] as const);
  return (value) => {
    if (!isObject(value)) return false;
    for (const [name, guard] of fields) if (!guard(value[name])) return false;
    return true;
  };
}

/** Stricter than zod, which takes blanks too. */
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

/** For the schema itself to decide. */
const NEVER: Guard = () => false;

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
