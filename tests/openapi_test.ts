/** Compares /openapi.json with docs/openapi.json and with what the server sends, lints it, and generates a client. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import config from "../deno.json" with { type: "json" };
import type { Snapshot } from "../src/documents/mod.ts";
import { listen, makeApp, PARAMETERS } from "../src/http/mod.ts";
import { DOCUMENTS, makeDocument, OPERATIONS, QUERY } from "../src/openapi/mod.ts";
import { mttyIdentity } from "./fixtures/identity.ts";
import { mttyOutcome } from "./fixtures/outcome.ts";
import { foundMachine } from "./fixtures/machine.ts";
import { mttySnapshot } from "./fixtures/snapshot.ts";
import { appWorld, makeTestApp } from "./fixtures/test_app.ts";
import { hasTool, runTool } from "./fixtures/tool.ts";

const PATH = fromFileUrl(new URL("../docs/openapi.json", import.meta.url));

/** The parts of the document that the tests read. */
interface Described {
  openapi: string;
  paths: Record<
    string,
    Record<string, { operationId: string; responses: Record<string, unknown> }>
  >;
  components: { schemas: Record<string, unknown> };
}

async function readDescription(): Promise<Described> {
  const app = makeTestApp(undefined, { version: config.version });
  return await app.get<Described>("/openapi.json");
}

Deno.test("docs/openapi.json is what the server gives; deno task openapi writes it", async () => {
  const text = JSON.stringify(await readDescription(), null, 2) + "\n";
  if (Deno.env.get("UPDATE_GOLDEN") === "1") await Deno.writeTextFile(PATH, text);
  assertEquals(text, await Deno.readTextFile(PATH));
});

Deno.test("every route is described, and nothing else", async () => {
  const { openapi, paths } = await readDescription();
  assertEquals(openapi, "3.1.0");
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) =>
      `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`
    )
  );
  assertEquals(described.toSorted(), Object.keys(OPERATIONS).toSorted());
  const ids = Object.values(OPERATIONS).map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("a route or a parameter without a description is an error", () => {
  const make = (path: string, parameters: string[]) => () =>
    makeDocument({ version: "1", routes: [{ method: "GET", path, parameters }] });
  for (const wrong of [make("/nowhere", []), make("/v1/devices", ["colour"])]) {
    let error: unknown = null;
    try {
      wrong();
    } catch (thrown) {
      error = thrown;
    }
    assertStringIncludes(String(error), "Cannot describe");
  }
});

Deno.test("every parameter that routes accept is described, and every route of them exists", () => {
  assertEquals(Object.keys(PARAMETERS).filter((route) => !(route in OPERATIONS)), []);
  assertEquals(new Set(Object.values(PARAMETERS).flat()), new Set(Object.keys(QUERY)));
});

Deno.test("every reference of the description has its schema", async () => {
  const description = await readDescription();
  const names = Object.keys(description.components.schemas);
  for (const [, name] of JSON.stringify(description).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert(names.includes(name!), name);
  }
});

Deno.test("the server sends the documents that are described, with no other fields", async () => {
  const snapshot: Snapshot = mttySnapshot();
  const id = snapshot.devices[0]!.id;
  const app = makeTestApp(snapshot, {
    machines: () => Promise.resolve({ machines: [foundMachine()], problems: [] }),
  });
  const session = await app.openSession();
  const sources = ["a", "b"].map((id) => mttyIdentity({ id }));
  const answers = await (await app.ask("POST", "/v1/ask", { sources })).json();
  check("Answers", answers);
  const plan = `/v1/plans/${answers.together.plans[0].id}/export`;
  check("Definitions", await (await app.ask("POST", plan, { as: "mdevctl" })).json());
  const requests: Record<string, [path: string, body?: unknown]> = {
    "POST /v1/ask": ["/v1/ask?refusals=each", mttyIdentity()],
    "POST /v1/plans/:id/export": [plan, { as: "document" }],
    "POST /v1/outcomes": ["/v1/outcomes", mttyOutcome()],
    "POST /v1/sessions": ["/v1/sessions"],
    "PUT /v1/sessions/:id/source": [`${session}/source`, mttyIdentity()],
    "GET /v1/sessions/:id": [session],
    "GET /v1/sessions/:id/offers": [`${session}/offers`],
    "GET /v1/sessions/:id/refusals": [`${session}/refusals`],
    "GET /v1/devices/:id": [`/v1/devices/${id}`],
    "GET /v1/devices/:id/identity": [`/v1/devices/${id}/identity`],
    "GET /v1/vms/:id": [`/v1/vms/${foundMachine().name}`],
  };
  for (const [route, { gives, status = 200 }] of Object.entries(OPERATIONS)) {
    // POST /v1/test needs a driver: src/cli/documents_test.ts checks its document.
    if (gives === undefined || route === "POST /v1/test") continue;
    const [method, pattern] = route.split(" ") as [string, string];
    const [path, body] = requests[route] ?? [pattern];
    const response = await app.ask(method, path, body);
    const document = await response.json();
    assertEquals(response.status, status, route);
    check(gives[0]!, document);
  }
  check("ProblemDetails", await (await app.ask("GET", "/v1/devices/x")).json());
});

/** Checks a document, and that its fields are all described. */
function check(name: keyof typeof DOCUMENTS, document: unknown): void {
  const schema = DOCUMENTS[name] as unknown as {
    parse: (value: unknown) => unknown;
    _zod: { innerType?: { shape: object }; def: { shape?: object } };
  };
  schema.parse(document);
  const shape = schema._zod.innerType?.shape ?? schema._zod.def.shape ?? {};
  const unknown = Object.keys(document as object).filter((field) => !(field in shape));
  assertEquals([name, unknown], [name, []]);
}

const ignore = !await hasTool("redocly", "--version");

Deno.test({
  name: "redocly finds no error and no warning in the description (needs npm)",
  ignore,
  async fn() {
    const said = await runTool([
      "redocly",
      "lint",
      "--extends=recommended",
      "--format=stylish",
      PATH,
    ]);
    assertEquals(/\b[1-9]\d* (error|warning)/.test(said), false, said);
  },
});

/** A program of a user: what it writes and reads has the types that were generated. */
const CLIENT = `
import createClient from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

const client = createClient<paths>({ baseUrl: Deno.args[0]! });
const devices = await client.GET("/v1/devices");
const first: components["schemas"]["Device"] = devices.data!.devices[0]!;
const identity = await client.GET("/v1/devices/{id}/identity", { params: { path: { id: first.id } } });
const source: components["schemas"]["Identity"] = { ...identity.data!, id: "elsewhere" };
const asked = await client.POST("/v1/ask", { params: { query: { order: "available" } }, body: source });
if (!asked.data || !("offers" in asked.data)) throw new Error(JSON.stringify(asked.error));
const { offers, refusals } = asked.data as components["schemas"]["Answer"];
const opened = await client.POST("/v1/sessions");
const path = { id: opened.data!.id };
await client.PUT("/v1/sessions/{id}/source", { params: { path }, body: source });
const listed = await client.GET("/v1/sessions/{id}/offers", { params: { path }, headers: { accept: "application/json" } });
await client.DELETE("/v1/sessions/{id}", { params: { path } });
const wrong = await client.GET("/v1/devices/{id}", { params: { path: { id: "none" } } });
const problem: components["schemas"]["ProblemDetails"] = wrong.error!;
// @ts-expect-error: the order is none of the described ones.
const bad = await client.POST("/v1/ask", { params: { query: { order: "cheapest" } }, body: source });
console.log(JSON.stringify({
  ranks: offers.map(({ rank }) => rank),
  reasons: refusals.map(({ reasons }) => reasons[0]!.code),
  offered: (listed.data as components["schemas"]["Offers"]).offers.length,
  problem: problem.type,
  bad: bad.response.status,
}));
`;

Deno.test({
  name:
    "a client that openapi-typescript generates asks the running server and gets offers (needs npm)",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "vfio-ask-client-" });
    const app = makeApp(appWorld());
    const tcp = { hostname: "127.0.0.1", port: 0 };
    const server = await listen({ tcp, unix: null }, (request, way) => app.fetch(request, way));
    try {
      await runTool(["openapi-typescript", PATH, "-o", `${folder}/api.d.ts`]);
      await Deno.symlink((await runTool(["node_modules"])).trim(), `${folder}/node_modules`);
      await Deno.writeTextFile(
        `${folder}/deno.json`,
        JSON.stringify({ nodeModulesDir: "manual", compilerOptions: { strict: true } }),
      );
      await Deno.writeTextFile(
        `${folder}/package.json`,
        JSON.stringify({ dependencies: { "openapi-fetch": "*" } }),
      );
      await Deno.writeTextFile(`${folder}/client.ts`, CLIENT);
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--check", "--quiet", "-A", "client.ts", server.addresses[0]!],
        cwd: folder,
      }).output();
      const decoder = new TextDecoder();
      assertEquals(code, 0, decoder.decode(stderr));
      const { ranks, reasons, offered, problem, bad } = JSON.parse(decoder.decode(stdout));
      assertEquals([ranks, reasons, offered], [[1, 2], ["TypeDiffers"], 2]);
      assertEquals([problem, bad], ["urn:vfio-ask:problem:device-unknown", 400]);
    } finally {
      await server.drain(10_000);
      await Deno.remove(folder, { recursive: true });
    }
  },
});
