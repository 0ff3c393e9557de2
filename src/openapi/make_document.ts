import * as z from "zod/mini";
import { type DocumentName, DOCUMENTS } from "./documents.ts";
import { NAMES, type Operation, OPERATIONS, QUERY, TAGS, type Value } from "./operations.ts";

/** A route of the server, with the names of its query parameters. */
export interface DescribedRoute {
  method: string;
  path: string;
  parameters: readonly string[];
}

type Json = Record<string, unknown>;

/** Where the schemas of documents are, for references. */
const COMPONENTS = "#/components/schemas/";

/** The OpenAPI 3.1 document of these routes. Throws an Error for a route or a parameter without a description. */
export function makeDocument(
  { version, routes }: { version: string; routes: readonly DescribedRoute[] },
): Json {
  const order = Object.keys(OPERATIONS);
  const placeOf = ({ method, path }: DescribedRoute) => order.indexOf(`${method} ${path}`);
  const paths: Record<string, Json> = {};
  for (const route of routes.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const at = paths[route.path.replace(/:(\w+)/g, "{$1}")] ??= {};
    at[route.method.toLowerCase()] = describe(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "vfio-ask",
      version,
      summary: "Which configurations of this host can accept the live migration of a VFIO device",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "http://127.0.0.1:7431", description: "The default address" }],
    security: [{}],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: describeDocuments(),
      responses: {
        Problem: {
          description: "The request is refused, with a remedy (RFC 9457).",
          headers: REQUEST_ID,
          content: { "application/problem+json": { schema: referTo(["ProblemDetails"]) } },
        },
      },
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "The token of serve --token-file, or of the service's credential.",
        },
      },
    },
  };
}

const DESCRIPTION = "Everybody who can connect may ask. Preflights need the bearer token, or the " +
  "Unix socket as root, as the server's user or as a member of the group of serve --group. " +
  "Unknown query parameters are refused. Unknown fields of documents are kept.";

const REQUEST_ID = {
  "x-request-id": {
    description: "The ID of the request: the caller's own if it is valid, otherwise a new one.",
    schema: { type: "string" },
  },
};

function describe({ method, path, parameters }: DescribedRoute): Json {
  const operation = OPERATIONS[`${method} ${path}`];
  if (operation === undefined) throw new Error(`Cannot describe ${method} ${path}`);
  const { id, tag, summary, takes, status = 200, needsPermission = false } = operation;
  // A permitted caller on the Unix socket needs no token.
  const permission = needsPermission ? { security: [{ token: [] }, {}] } : {};
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...permission,
    parameters: [...namesOf(path), ...parameters.map(describeParameter)],
    ...(takes === undefined ? {} : {
      requestBody: { required: true, content: { "application/json": { schema: referTo(takes) } } },
    }),
    responses: {
      [status]: describeAnswer(operation),
      "4XX": { $ref: "#/components/responses/Problem" },
      "5XX": { $ref: "#/components/responses/Problem" },
    },
  };
}

function describeAnswer({ gives, text = {}, status }: Operation): Json {
  const texts = Object.entries(text).map(([type, description]) => [
    type,
    {
      schema: {
        description,
        ...(type === "application/json" ? { type: "object" } : { type: "string" }),
      },
    },
  ]);
  const content = {
    ...(gives === undefined ? {} : { "application/json": { schema: referTo(gives) } }),
    ...Object.fromEntries(texts),
  };
  const location = {
    location: { description: "The path of the session.", schema: { type: "string" } },
  };
  return {
    description: status === 204 ? "Done." : "The answer.",
    headers: { ...REQUEST_ID, ...(status === 201 ? location : {}) },
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

function namesOf(path: string): Json[] {
  const [start] = path.split("/:");
  if (start === path) return [];
  const value = NAMES[start!];
  if (value === undefined) throw new Error(`Cannot describe the name in ${path}`);
  return [{
    name: path.slice(start!.length + 2).replace(/\/.*/, ""),
    in: "path",
    required: true,
    ...value,
  }];
}

function describeParameter(name: string): Json {
  const value: Value | undefined = QUERY[name];
  if (value === undefined) throw new Error(`Cannot describe the parameter ${name}`);
  return { name, in: "query", required: false, ...value };
}

function referTo(names: readonly DocumentName[]): Json {
  const references = names.map((name) => ({ $ref: `${COMPONENTS}${name}` }));
  return references.length === 1 ? references[0]! : { anyOf: references };
}

/** The JSON schemas of all documents, which refer to each other. */
function describeDocuments(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(DOCUMENTS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target: "draft-2020-12",
    io: "input",
    uri: (id) => `${COMPONENTS}${id}`,
    override: ({ zodSchema, jsonSchema }) => {
      // Few generators of clients know tuples.
      if (zodSchema._zod.def.type !== "tuple") return;
      const { prefixItems = [] } = jsonSchema;
      if (new Set(prefixItems.map((item) => JSON.stringify(item))).size !== 1) {
        throw new Error("Cannot describe a tuple of different values");
      }
      delete jsonSchema.prefixItems;
      const { length } = prefixItems;
      Object.assign(jsonSchema, { items: prefixItems[0], minItems: length, maxItems: length });
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  );
}
