/** Checks the export for OpenStack Placement with Placement's own schemas. */
import { assert, assertEquals } from "@std/assert";
import { type PlacementDocument, placementOf } from "../src/export/mod.ts";
import { observeHost } from "../src/view/mod.ts";
import { mttySnapshot, mttyType } from "./fixtures/snapshot.ts";
import { hasTool, runTool } from "./fixtures/tool.ts";
import { simulateWorld } from "./fixtures/world.ts";
import SCHEMAS from "./fixtures/placement_schemas.json" with { type: "json" };

const ignore = !await hasTool("node_modules");

/** A request's body, and the schema that it must have. */
type Body = ["inventories" | "traits", unknown];

/** Reads schemas and bodies from its standard input, and prints whether each body is valid. */
const VALIDATE = `
const Ajv = require("@redocly/ajv").default;
const { schemas, bodies } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const ajv = new Ajv();
const validate = { inventories: ajv.compile(schemas.inventories), traits: ajv.compile(schemas.traits) };
console.log(JSON.stringify(bodies.map(([name, body]) => validate[name](body))));
`;

/** Whether each body is valid, according to a validator of JSON schemas that is a part of redocly. */
async function validate(bodies: readonly Body[]): Promise<boolean[]> {
  const child = new Deno.Command("node", {
    args: ["-e", VALIDATE],
    env: { NODE_PATH: (await runTool(["node_modules"])).trim() },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify({ schemas: SCHEMAS, bodies })));
  await writer.close();
  const { code, stdout } = await child.output();
  assertEquals(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The bodies of the requests that a document is for. */
function bodiesOf({ providers, traits, resourceClasses }: PlacementDocument): Body[] {
  const named = (traits: string[]): Body => [
    "traits",
    { resource_provider_generation: 0, traits },
  ];
  return [
    ...providers.flatMap(({ inventories, traits }): Body[] => [
      ["inventories", inventories],
      ["traits", traits],
    ]),
    named(traits),
    named(resourceClasses),
  ];
}

Deno.test({
  name: "Placement's schemas accept the exported inventories and traits (needs ajv of redocly)",
  ignore,
  async fn() {
    const types = ["é/ü", "x".repeat(300), "mtty-2", "MTTY.2"].map((type) => mttyType({ type }));
    const snapshots = [mttySnapshot({ devices: [], types })];
    for (const name of ["gpu-host", "nic-host", "mixed"]) {
      await using host = simulateWorld(name);
      const options = { mode: "representative", settleMs: 0 } as const;
      snapshots.push((await observeHost(host.world, options)).snapshot);
    }
    const documents = await Promise.all(snapshots.map(placementOf));
    assert(documents.every(({ resourceClasses }) => resourceClasses.length > 0));
    assertEquals(documents[0]!.resourceClasses.length, types.length);
    const bodies = documents.flatMap(bodiesOf);
    assertEquals(await validate(bodies), bodies.map(() => true));
  },
});

Deno.test({
  name: "the check with Placement's schemas notices a wrong body (needs ajv of redocly)",
  ignore,
  async fn() {
    const { providers: [provider] } = await placementOf(mttySnapshot());
    const { inventories, traits } = provider!;
    const [name] = Object.keys(inventories.inventories);
    const record = inventories.inventories[name!]!;
    const bodies: Body[] = [
      ["inventories", { ...inventories, inventories: { [name!]: { ...record, total: 0 } } }],
      ["inventories", { ...inventories, inventories: { "mtty-2": record } }],
      ["inventories", { inventories: inventories.inventories }],
      ...["VFIO", "CUSTOM_vfio", `CUSTOM_${"X".repeat(255)}`].map((trait): Body => [
        "traits",
        { ...traits, traits: [trait] },
      ]),
    ];
    assertEquals(await validate(bodies), bodies.map(() => false));
  },
});
