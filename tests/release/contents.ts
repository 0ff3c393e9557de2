import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { sha256 } from "../../scripts/sha256.ts";
import { checkOut, must } from "./checkout.ts";

/** CycloneDX's own library, and the packages that it validates with. */
const VALIDATOR = [
  "@cyclonedx/cyclonedx-library@10.3.0",
  "ajv@8.20.0",
  "ajv-formats@3.0.1",
  "ajv-formats-draft2019@1.6.1",
];
const VALIDATE = `
const { Validation, Spec } = require("@cyclonedx/cyclonedx-library");
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
const text = require("fs").readFileSync(process.argv[1], "utf8");
validator.validate(text).then((error) => { console.log(JSON.stringify(error)); });
`;

Deno.test("the SBOM is valid CycloneDX 1.6 and describes the executable", async () => {
  await using checkout = await checkOut();
  await must(checkout, ["scripts/deno", "task", "build"]);
  const dist = join(checkout.folder, "dist");
  const path = join(dist, "vfio-ask.cdx.json");
  await installValidator();
  assertEquals(await validate(path), null);

  const sbom = JSON.parse(await Deno.readTextFile(path));
  const [{ content }] = sbom.metadata.component.hashes;
  assertEquals(content, await sha256(await Deno.readFile(join(dist, "vfio-ask"))));
  const names: string[] = sbom.components.map(({ name }: { name: string }) => name);
  for (const name of ["deno", "v8", "hono", "zod", "tokio"]) assert(names.includes(name), name);
  const licenses = await Deno.readTextFile(join(dist, "vfio-ask.licenses.txt"));
  for (const notice of ["Yusuke Wada", "Colin McDonnell", "the V8 project authors"]) {
    assertStringIncludes(licenses, notice);
  }

  // The validator does find errors.
  await Deno.writeTextFile(path, JSON.stringify({ ...sbom, specVersion: 1.6 }));
  assert(await validate(path) !== null);
});

/** The folder with the validator, which npm fills once. */
function validatorFolder(): string {
  const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/root", ".cache");
  return join(home, "vfio-ask", "cyclonedx-10.3.0");
}

async function installValidator(): Promise<void> {
  const folder = validatorFolder();
  const marker = join(folder, "node_modules/@cyclonedx/cyclonedx-library/package.json");
  if (await Deno.stat(marker).catch(() => null) !== null) return;
  await Deno.mkdir(folder, { recursive: true });
  const options = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"];
  const args = ["install", "--silent", "--legacy-peer-deps", ...options, ...VALIDATOR];
  const { success } = await new Deno.Command("npm", { args, cwd: folder }).output();
  assert(success, "npm cannot install the validator");
}

/** The errors in a document, null if it is valid. */
async function validate(path: string): Promise<unknown> {
  const options = { args: ["-e", VALIDATE, path], cwd: validatorFolder() };
  const { stdout, stderr } = await new Deno.Command("node", options).output();
  const text = new TextDecoder();
  assert(stdout.length > 0, text.decode(stderr));
  return JSON.parse(text.decode(stdout));
}
