import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { appWorld, makeTestApp } from "../../tests/fixtures/test_app.ts";
import { makeApp } from "../http/mod.ts";

const BASE = "http://127.0.0.1:7431";

function formOf(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

async function pieces(response: Response): Promise<{ into: string; html: string }[]> {
  assertEquals(response.headers.get("content-type"), "application/x-ndjson");
  return (await response.text()).trim().split("\n").map((line) => JSON.parse(line));
}

Deno.test("GET / has a policy that permits only its own files, and the headers of all responses", async () => {
  const response = await makeTestApp().request("/");
  assertEquals(response.status, 200);
  const policy = response.headers.get("content-security-policy")!;
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
    assertStringIncludes(policy, part);
  }
  assert(!policy.includes("unsafe"));
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assert(response.headers.has("x-request-id"));
  const html = await response.text();
  assert(!/<script>|<style|\sstyle=|\son\w+=/.test(html));
  assertEquals([...html.matchAll(/(?:src|href)="(https?:|\/\/)/g)], []);
});

Deno.test("GET /page/ gives the files that the page names, with their media types, and no others", async () => {
  const app = makeTestApp();
  const html = await (await app.request("/")).text();
  const paths = [...html.matchAll(/"(\/page\/[^"]+)"/g)].map(([, path]) => path!);
  assertEquals(paths.length, 3);
  for (const path of paths) {
    const response = await app.request(path);
    assertEquals(response.status, 200);
    assert(response.headers.get("content-type")!.endsWith("; charset=utf-8"));
    assertStringIncludes(response.headers.get("cache-control")!, "immutable");
    assert((await response.text()).length > 100);
  }
  const missing = await app.request("/page/other.js");
  assertEquals(missing.status, 404);
  await missing.body?.cancel();
});

Deno.test("GET / shows what the host names as text, with hidden characters escaped", async () => {
  const bad = `<img src=x onerror=alert(1)>"'\u202e\u0007`;
  const app = makeTestApp(mttySnapshot({
    host: { name: bad, kernel: bad, bootId: null },
    devices: [mttyDevice({
      description: bad,
      type: bad,
      use: { state: "in-use", holder: { pid: 1, name: bad, node: bad } },
    })],
  }));
  for (const path of ["/", "/?part=live", `/?part=device&device=${mttyDevice().id}`]) {
    const html = await (await app.request(path)).text();
    assert(!html.includes("<img"), path);
    assert(!html.includes("\u202e") && !html.includes("\u0007"), path);
    assertStringIncludes(html, "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;\\u202e\\u0007");
  }
});

Deno.test("GET / filters and sorts by its query, and keeps all rows for the script", async () => {
  const [a, b] = [mttyDevice({ id: "a", numaNode: 10 }), mttyDevice({ id: "b", numaNode: 9 })];
  const app = makeTestApp(mttySnapshot({ devices: [a, b] }));
  const rows = async (query: string) => {
    const html = await (await app.request(`/?${query}`)).text();
    return [...html.matchAll(/<tr (hidden )?role="row" data-k="(\w)"/g)]
      .map(([, hidden, id]) => hidden ? `(${id})` : id);
  };
  assertEquals(await rows("sort=numa"), ["b", "a"]);
  assertEquals(await rows("sort=numa&dir=desc"), ["a", "b"]);
  assertEquals(await rows("q=%20B%20"), ["(a)", "b"]);
  assertEquals(await rows("use=in-use"), ["(a)", "(b)"]);
  assertEquals(await rows("sort=constructor&use=x&can=%00"), ["a", "b"]);
});

Deno.test("POST /?part=answer gives the source, offers in order, refusals and a summary", async () => {
  const body = formOf({ identity: JSON.stringify(mttyIdentity()) });
  const response = await makeTestApp().request("/?part=answer", { method: "POST", body });
  const all = await pieces(response);
  assertEquals(all[0]!.into, "source");
  assertEquals(all.at(-1)!.into, "summary");
  const offers = all.filter(({ into }) => into === "offers");
  assert(offers.length > 0);
  assert(offers.every(({ html }, at) => html.includes(`aria-label="Rank ${at + 1}"`)));
  assert(all.some(({ into, html }) => into === "refusals" && html.includes("TypeDiffers")));
});

Deno.test("POST / gives the whole page, with the answer and the question", async () => {
  const identity = JSON.stringify(mttyIdentity(), null, 1).replaceAll("\n", "\r\n");
  const body = formOf({ identity, "free-first": "on" });
  const html = await (await makeTestApp().request("/", { method: "POST", body })).text();
  assertStringIncludes(html, 'aria-label="Rank 1"');
  assertStringIncludes(html, "&quot;schema&quot;: &quot;vfio-ask/identity/v1&quot;");
  assert(!html.includes("\\u000d"));
});

Deno.test("POST / shows a problem with its place, value and remedy", async () => {
  for (
    const [fields, words] of [
      [{ identity: JSON.stringify({ ...mttyIdentity(), type: 7 }) }, "/type = 7"],
      [{ identity: "{" }, "Cannot read the body as JSON"],
      [{ device: "no-such-device" }, "Cannot find a VFIO device named no-such-device"],
      [{}, "Paste an identity"],
    ] as [Record<string, string>, string][]
  ) {
    const app = makeTestApp();
    const init = () => ({ method: "POST", body: formOf(fields) });
    const [only] = (await pieces(await app.request("/?part=answer", init()))).slice(-1);
    assertStringIncludes(only!.html, words);
    assertStringIncludes(await (await app.request("/", init())).text(), words);
  }
});

Deno.test("POST / refuses a body that is no form, and one from another site", async () => {
  const app = makeTestApp();
  const plain = await app.request("/", { method: "POST", body: "x" });
  assertEquals(plain.status, 415);
  await plain.body?.cancel();
  const broken = await app.request("/", {
    method: "POST",
    body: "x",
    headers: { "content-type": "multipart/form-data; boundary=b" },
  });
  assertEquals(broken.status, 400);
  await broken.body?.cancel();
  const foreign = await app.request("/", {
    method: "POST",
    body: formOf({}),
    headers: { origin: "http://example.org" },
  });
  assertEquals(foreign.status, 403);
  await foreign.body?.cancel();
});

Deno.test("GET / answers a browser in HTML if the host cannot be read", async () => {
  const app = makeApp(appWorld({ newest: () => Promise.reject(new Error("<b>broken</b>")) }));
  const error = console.error;
  console.error = () => {};
  try {
    const headers = { accept: "text/html,*/*" };
    const response = await app.request(`${BASE}/`, { headers });
    assertEquals(response.status, 500);
    assert(response.headers.has("content-security-policy"));
    const html = await response.text();
    assertStringIncludes(html, "&lt;b&gt;broken&lt;/b&gt;");
    assertStringIncludes(html, response.headers.get("x-request-id")!);
    const json = await app.request(`${BASE}/`);
    assertEquals(json.headers.get("content-type"), "application/problem+json");
    await json.body?.cancel();
  } finally {
    console.error = error;
  }
});

Deno.test("GET / diagnoses an unchanged host once", async () => {
  let diagnosed = 0;
  const snapshot = mttySnapshot();
  const app = makeApp(appWorld({
    newest: () => Promise.resolve({ ...snapshot }),
    diagnose: () => {
      diagnosed++;
      return Promise.resolve({ devices: [], findings: [], problems: [] });
    },
  }));
  for (const _ of [1, 2]) await (await app.request(`${BASE}/`)).body?.cancel();
  assertEquals(diagnosed, 1);
});
