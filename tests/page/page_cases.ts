/** The page in Chromium, on the compiled program. Run by `deno task test:page`. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Buffer } from "node:buffer";
import { bigHost, VFIO_DEVICES } from "../../scripts/bench/big_host.ts";
import { SCENARIOS } from "../../src/simulator/mod.ts";
import {
  accessibilityFaults,
  type Browser,
  type Look,
  openBrowser,
  openPage,
  openStopwatch,
  type Page,
  until,
} from "./browser.ts";
import { emptyHost, HOSTILE, hostileHost, longNamedHost } from "./hosts.ts";
import { type PageServer, servePlanted, serveSimulated } from "./planted_server.ts";

const SHOTS = new URL("../../dist/screenshots", import.meta.url).pathname;
/** An mdev in use on the host `mixed`, with offers there. */
const SOURCE = "c2a7d1b0-3e96-4f04-b7c8-94e5a06d81c3";
const ROWS = "#device-rows tr:not([hidden])";

Deno.mkdirSync(SHOTS, { recursive: true });
const browser: Browser = await openBrowser();
const lab: PageServer = await serveSimulated("mixed");
const gpu: PageServer = await serveSimulated("gpu-host");
Deno.test.afterAll(async () => {
  await browser.close();
  await lab[Symbol.asyncDispose]();
  await gpu[Symbol.asyncDispose]();
});

/** A test on a page of a server. The page must have no fault. */
function pageTest(
  name: string,
  { server = () => lab, path = "/", ...look }: { server?: () => PageServer; path?: string } & Look,
  test: (page: Awaited<ReturnType<typeof openPage>>["page"]) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using opened = await openPage(browser, server().url + path, look);
    await test(opened.page);
    assertEquals(opened.faults, []);
  });
}

/** The identity of a device of a server, as a source on another host. */
async function identityOf({ url }: PageServer, id: string): Promise<string> {
  const identity = await (await fetch(`${url}/v1/devices/${id}/identity`)).json();
  return JSON.stringify({
    ...identity,
    id: "99999999-0000-4000-8000-000000000001",
    host: { ...identity.host, name: "hv-17", bootId: "of-hv-17" },
  });
}

/** Waits until an answer has arrived completely. */
async function answered(page: Page): Promise<void> {
  await page.locator("#answer-summary > *").first().waitFor();
  await page.locator("#answer:not([aria-busy])").waitFor();
}

const withoutScript = { javaScriptEnabled: false };

pageTest("the page shows the devices, types and rules of the API", {}, async (page) => {
  const { devices } = await (await fetch(`${lab.url}/v1/devices`)).json();
  const { types } = await (await fetch(`${lab.url}/v1/types`)).json();
  const { files } = await (await fetch(`${lab.url}/v1/rules`)).json();
  const ids = await page.locator("#device-rows th a").allInnerTexts();
  assertEquals(ids, devices.map(({ id }: { id: string }) => id));
  const parents = await page.locator("#parents h3").allInnerTexts();
  for (const { parent } of types) assert(parents.includes(parent), parent);
  assertEquals(await page.locator("#rules tbody tr").count(), files.length);
  assertEquals(await page.locator("#overview .tile b").first().innerText(), `${devices.length}`);
});

pageTest("without script: the filter is a form", withoutScript, async (page) => {
  await page.locator(".filter [name=q]").fill("MTTY-2");
  await page.locator(".filter [name=use]").selectOption("in-use");
  await page.locator(".filter button").click();
  assertEquals(await page.locator(`${ROWS} th a`).allInnerTexts(), [SOURCE]);
  assertEquals(await page.locator("#device-count").innerText(), "1 of 15 devices");
  assertEquals(await page.locator(".filter [name=q]").inputValue(), "mtty-2");
});

pageTest("without script: a heading sorts, and again reverses", withoutScript, async (page) => {
  const driver = page.locator("thead [data-column=driver]");
  await driver.locator("a").click();
  assertEquals(await driver.getAttribute("aria-sort"), "ascending");
  const up = await page.locator(`${ROWS} td.driver`).allInnerTexts();
  assertEquals(up, up.toSorted((a, b) => a < b ? -1 : a > b ? 1 : 0));
  await driver.locator("a").click();
  assertEquals(await driver.getAttribute("aria-sort"), "descending");
  const down = await page.locator(`${ROWS} td.driver`).allInnerTexts();
  assertEquals(down, up.toReversed());
});

pageTest("without script: a device has its details", withoutScript, async (page) => {
  await page.locator(`#device-rows a[href*='${SOURCE}']`).first().click();
  assert((await page.locator("#device").innerText()).includes(`qemu-system-x86 [4711]`));
});

pageTest(
  "without script: a pasted identity and a file are answered",
  withoutScript,
  async (page) => {
    const identity = await identityOf(lab, SOURCE);
    await page.locator("#identity").fill(identity);
    await page.locator("#ask-form button").click();
    const pasted = await page.locator("#answer-offers > li").allInnerTexts();
    assertGreater(pasted.length, 1);
    assertEquals(await page.locator("#identity").inputValue(), identity);
    await page.goto(lab.url);
    const buffer = Buffer.from(identity);
    const file = { name: "source.json", mimeType: "application/json", buffer };
    await page.locator("#ask-form [name=file]").setInputFiles(file);
    await page.locator("#ask-form button").click();
    assertEquals(await page.locator("#answer-offers > li").allInnerTexts(), pasted);
    assertGreater(await page.locator("#answer-refusals > li").count(), 1);
  },
);

Deno.test("an answer is the same with and without script", async () => {
  const texts = [];
  for (const javaScriptEnabled of [true, false]) {
    await using opened = await openPage(browser, lab.url, { javaScriptEnabled });
    const { page } = opened;
    await page.locator("#source-device").fill(SOURCE);
    await page.locator("#ask-form button[type=submit]").click();
    await answered(page);
    texts.push([
      await page.locator("#answer-source").textContent(),
      await page.locator("#answer-summary").textContent(),
      await page.locator("#answer-offers").textContent(),
      await page.locator("#answer-refusals").textContent(),
    ].map((text) => text!.replaceAll(/\s+/g, "")));
    assertEquals(opened.faults, []);
  }
  assertEquals(texts[0], texts[1]);
  assert(texts[0]!.every((text) => text !== ""));
});

pageTest("the filter shows at once what matches, and Escape clears it", {}, async (page) => {
  await page.locator(".filter [name=q]").fill("QAT_vfio");
  assertEquals(await page.locator(`${ROWS} th a`).allInnerTexts(), [
    "0000:6b:00.1",
    "0000:6b:00.2",
  ]);
  await page.locator(".filter [name=use]").selectOption("in-use");
  assertEquals(await page.locator(`${ROWS} th a`).allInnerTexts(), ["0000:6b:00.1"]);
  await page.locator(".filter [name=q]").fill("nothing of this name");
  assert(await page.locator("#no-device").isVisible());
  await page.locator(".filter [name=q]").press("Escape");
  await page.locator(".filter [name=use]").selectOption("all");
  assertEquals(await page.locator(ROWS).count(), 15);
  await page.locator(".filter [name=can]").selectOption("yes");
  await until(page, "location.search === '?can=yes'");
  await page.reload();
  assertEquals(await page.locator(ROWS).count(), 7);
});

Deno.test("the script sorts as the server does, by every column", async () => {
  await using opened = await openPage(browser, lab.url);
  const { page } = opened;
  for (const column of ["type", "driver", "use", "migration", "dirty", "numa", "device"]) {
    for (const direction of ["ascending", "descending"]) {
      await page.locator(`thead [data-column=${column}] a`).click();
      assertEquals(
        await page.locator(`thead [data-column=${column}]`).getAttribute("aria-sort"),
        direction,
      );
      const dir = direction === "descending" ? "desc" : "asc";
      const html = await (await fetch(`${lab.url}/?sort=${column}&dir=${dir}`)).text();
      const wanted = [...html.matchAll(/ data-k="([^"]+)"/g)].map(([, id]) => id!);
      assertEquals(await page.locator("#device-rows th a").allInnerTexts(), wanted, column);
    }
  }
  assertEquals(opened.faults, []);
});

pageTest("a device of the list is asked about with one click", {}, async (page) => {
  await page.locator(`#device-rows a[href*='source=${SOURCE}']`).click();
  await answered(page);
  assertEquals(await page.locator("#source-device").inputValue(), SOURCE);
  assert((await page.locator("#answer-offers").innerText()).includes("vendor rule (mtty.json)"));
});

pageTest("a dropped file is asked about at once", {}, async (page) => {
  const identity = await identityOf(lab, SOURCE);
  await page.evaluate(`{
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([${JSON.stringify(identity)}], "source.json"));
    document.querySelector(".drop").dispatchEvent(
      new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }`);
  await answered(page);
  assertEquals(await page.locator("#identity").inputValue(), identity);
});

for (const javaScriptEnabled of [true, false]) {
  const words = javaScriptEnabled ? "with script" : "without script";
  pageTest(`${words}: an error names the field, its value and the remedy`, {
    javaScriptEnabled,
  }, async (page) => {
    const identity = { ...JSON.parse(await identityOf(lab, SOURCE)), type: "", driver: 4 };
    await page.locator("#identity").fill(JSON.stringify(identity));
    await page.locator("#ask-form button[type=submit]").click();
    await answered(page);
    const text = await page.locator(".refused").innerText();
    for (const part of ["Cannot read the identity", '/type = ""']) {
      assert(text.includes(part), text);
    }
    assert(await page.locator(".refused .fix").isVisible());
    await page.locator("#identity").fill("{");
    await page.locator("#ask-form button[type=submit]").click();
    await answered(page);
    await until(page, "document.querySelector('.refused').innerText.includes('JSON')");
  });
}

pageTest("several sources get one plan", {}, async (page) => {
  const source = JSON.parse(await identityOf(lab, SOURCE));
  const sources = [source, { ...source, id: "99999999-0000-4000-8000-000000000002" }];
  await page.locator("#identity").fill(JSON.stringify({ sources }));
  await page.locator("#ask-form button[type=submit]").click();
  await answered(page);
  const summary = await page.locator("#answer-summary").innerText();
  assert(summary.includes("together") && summary.includes("Plan 1"), summary);
});

pageTest("the keyboard reaches everything", {}, async (page) => {
  const focused = () =>
    page.evaluate<string>("document.activeElement.id || document.activeElement.name");
  await page.keyboard.press("Tab");
  assertEquals(await page.evaluate("document.activeElement.className"), "skip");
  await page.keyboard.press("Enter");
  assertEquals(await focused(), "main");
  await page.keyboard.press("/");
  assertEquals(await focused(), "q");
  await page.keyboard.type("mtty/?");
  assertEquals(await page.locator(".filter [name=q]").inputValue(), "mtty/?");
  await page.locator(".filter [name=q]").fill("mtty");
  await page.locator("thead [data-column=numa] a").focus();
  await page.keyboard.press("Tab");
  const link = await page.evaluate<string>("document.activeElement.textContent");
  assertEquals(link, "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2");
  await page.keyboard.press("Enter");
  await page.locator("#panel[open] #device-title").waitFor();
  assert(await page.evaluate("document.activeElement.closest('#panel') !== null"));
  await page.keyboard.press("Escape");
  await page.locator("#panel").waitFor({ state: "hidden" });
  assertEquals(await page.evaluate("document.activeElement.textContent"), link);
  await page.keyboard.press("?");
  assert(await page.locator("#help").isVisible());
  await page.locator("#keys-on").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  assertEquals(await page.evaluate("document.activeElement.name ?? ''"), "");
  await page.reload();
  await page.keyboard.press("a");
  assertEquals(await page.evaluate("document.activeElement.tagName"), "BODY");
});

pageTest("every element that takes the keyboard shows its focus", {}, async (page) => {
  // Elements in closed dialogs and lists cannot be focused.
  const stops: string[] = [];
  for (let at = 0; at < 60; at++) {
    await page.keyboard.press("Tab");
    stops.push(
      await page.evaluate<string>(`(() => {
        const element = document.activeElement;
        const shown = element.type === "file" ? element.previousElementSibling : element;
        const { outlineStyle, outlineWidth } = getComputedStyle(shown);
        const name = element.id || element.name || element.textContent.trim();
        return outlineStyle === "none" || parseFloat(outlineWidth) < 2 ? "hidden: " + name : name;
      })()`),
    );
  }
  assertEquals(stops.filter((stop) => stop.startsWith("hidden")), []);
  for (const stop of ["identity", "source-device", "theme", "q", "use"]) {
    assert(stops.includes(stop), `${stop} in ${stops}`);
  }
});

pageTest("the theme follows the system, or the reader's choice, which is kept", {
  colorScheme: "dark",
}, async (page) => {
  const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const dark = await ground();
  await page.locator("#theme").click();
  assertEquals(await page.locator("#theme").innerText(), "Light");
  const light = await ground();
  assert(light !== dark);
  await page.reload();
  assertEquals(await ground(), light);
});

pageTest("a remedy is copied", {}, async (page) => {
  await page.locator("#doctor button.copy").first().click();
  await until(
    page,
    "/Copied|Selected/.test(document.querySelector('#doctor button.copy').textContent)",
  );
});

Deno.test("hostile names of the host are text", async () => {
  await using server = await servePlanted(hostileHost());
  const bad = `${server.directory}/rules/<img src=x onerror=alert(3)>.json`;
  await Deno.writeTextFile(bad, `{"<script>alert(4)</script>": 1}`);
  for (const javaScriptEnabled of [true, false]) {
    await using opened = await openPage(browser, server.url, { javaScriptEnabled });
    const { page } = opened;
    await page.locator("#source-device").fill(`${HOSTILE.markup}${HOSTILE.turned}`);
    await page.locator("#ask-form button[type=submit]").click();
    await answered(page);
    const html = await page.evaluate<string>("document.documentElement.outerHTML")
      .catch(() => "");
    for (const selector of ["img", "body script", "body b b", "[onerror]"]) {
      assertEquals(await page.locator(selector).count(), 0, selector);
    }
    const text = await page.locator("body").innerText();
    for (const shown of [HOSTILE.markup, "onerror=alert(3)", "safe\\u202egnirts\\u202c\\u200b"]) {
      assert(text.includes(shown), `${shown} in ${text.slice(0, 300)}`);
    }
    assert(!/[\u202a-\u202e\u200b]/.test(text + html));
    await page.screenshot({ path: `${SHOTS}/hostile-names.png`, fullPage: true });
    assertEquals(opened.faults.filter((fault) => !fault.includes("status of 4")), []);
  }
});

Deno.test("a page that cannot be made is an error in HTML", async () => {
  const response = await fetch(`${lab.url}/`, {
    method: "POST",
    headers: { accept: "text/html", "content-type": "text/plain" },
    body: "x",
  });
  assertEquals(response.status, 415);
  assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert((await response.text()).includes("Cannot read this media type"));
});

pageTest("the picture of the README", { width: 1280, height: 880 }, async (page) => {
  const identity = JSON.parse(await identityOf(lab, SOURCE));
  const vmm = { enableMigration: "on" };
  await page.locator("#identity").fill(JSON.stringify({ ...identity, vmm }, null, 1));
  await page.locator("#ask-form button[type=submit]").click();
  await answered(page);
  assert((await page.locator("#answer-offers > li").first().innerText()).includes("compatible"));
  await page.evaluate("scrollTo(0, document.querySelector('#identity').scrollTop = 0)");
  await page.screenshot({ path: `${SHOTS}/readme.png` });
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const [width, height] of [[1280, 900], [360, 740]] as const) {
    const name = `${colorScheme}${width === 360 ? "-narrow" : ""}`;
    pageTest(`axe-core finds nothing: ${name}`, {
      server: () => gpu,
      colorScheme,
      width,
      height,
    }, async (page) => {
      if (width !== 360) assertEquals(await accessibilityFaults(page), []);
      await page.screenshot({ path: `${SHOTS}/page-${name}.png`, fullPage: true });
      await page.locator("#source-device").fill("3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101");
      await page.locator("#ask-form button[type=submit]").click();
      await answered(page);
      assertEquals(await accessibilityFaults(page), []);
      await page.screenshot({ path: `${SHOTS}/answer-${name}.png` });
      await page.locator("#device-rows th a").first().click();
      await page.locator("#panel[open] #device-title").waitFor();
      assertEquals(await accessibilityFaults(page), []);
      await page.screenshot({ path: `${SHOTS}/device-${name}.png` });
      const overflow = "document.documentElement.scrollWidth - innerWidth";
      assertEquals(await page.evaluate(overflow), 0);
    });
  }
}

Deno.test("an empty host, long names and all kinds of devices are readable", async () => {
  await using empty = await servePlanted(emptyHost());
  await using long = await servePlanted(longNamedHost());
  const views: [string, PageServer, Look][] = [
    ["empty", empty, {}],
    ["long-names", long, {}],
    ["long-names-narrow", long, { width: 360, height: 740 }],
    ["lab", lab, {}],
  ];
  for (const [name, server, look] of views) {
    await using opened = await openPage(browser, server.url, look);
    const { page, faults } = opened;
    if (look.width !== 360) assertEquals(await accessibilityFaults(page), [], name);
    assertEquals(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0, name);
    await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
    assertEquals(faults, []);
  }
});

Deno.test("a thousand devices are shown, filtered and sorted", async () => {
  await using server = await servePlanted(bigHost());
  const started = performance.now();
  const html = await (await fetch(server.url)).text();
  const firstMs = performance.now() - started;
  await using opened = await openPage(browser, server.url);
  const { page } = opened;
  assertEquals(await page.locator("#device-rows tr").count(), VFIO_DEVICES);
  const used = await openStopwatch(page);
  const paintMs = await page.evaluate<number>(
    `performance.getEntriesByName("first-contentful-paint")[0].startTime`,
  );
  await page.evaluate("document.querySelector('#devices').scrollIntoView()");
  /** The processor time of the script, styles and layout after an action. */
  const timed = async (action: string): Promise<number> => {
    const before = await used();
    await page.evaluate(`{ ${action}; document.body.offsetHeight; }`);
    const after = await used();
    return ["ScriptDuration", "RecalcStyleDuration", "LayoutDuration"]
      .reduce((sum, name) => sum + after[name]! - before[name]!, 0);
  };
  const keystrokesMs: number[] = [];
  for (const text of ["m", "ml", "mlx", "n", "nv", "0000:c0", ""]) {
    keystrokesMs.push(
      await timed(`const q = document.querySelector(".filter [name=q]"); q.value = "${text}";
        q.dispatchEvent(new Event("input", { bubbles: true }))`),
    );
  }
  const sortMs = await timed(`document.querySelector("thead [data-column=driver] a").click()`);
  const live = await (await fetch(`${server.url}/?part=live`)).text();
  const whole = (ms: number) => ms.toFixed(0);
  console.log(
    `1,000 devices: ${(html.length / 1e6).toFixed(2)} MB of HTML after ${
      whole(firstMs)
    } ms, parts ` +
      `that follow the host ${(live.length / 1e6).toFixed(2)} MB, first paint after ` +
      `${whole(paintMs)} ms; processor time in Chromium: a keystroke of the filter at most ` +
      `${whole(Math.max(...keystrokesMs))} ms, sort ${whole(sortMs)} ms`,
  );
  await page.locator(".filter [name=q]").fill("0000:c0:0");
  assertEquals(await page.locator(ROWS).count(), 75);
  await page.screenshot({ path: `${SHOTS}/thousand-filtered.png` });
  await page.locator(".filter [name=q]").fill("");
  assertEquals(await page.locator(ROWS).count(), VFIO_DEVICES);
  await page.screenshot({ path: `${SHOTS}/thousand.png` });
  assertEquals(opened.faults, []);
});

const { status } = await fetch(`${lab.url}/v1/events`, { method: "HEAD" });
const hasEvents = status !== 404;

Deno.test({
  name: "a removed mdev disappears, and filter, focus and open lists stay",
  ignore: !hasEvents,
  fn: async () => {
    await using server = await servePlanted(SCENARIOS.mixed!, ["--refresh", "0.2"]);
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await until(page, "document.querySelector('#live').textContent === 'live'");
    await page.locator("#parents details summary").first().click();
    await page.locator(".filter [name=q]").fill("mtty");
    assertEquals(await page.locator(ROWS).count(), 3);
    await page.locator(`#device-rows a[href*='${SOURCE}']`).first().focus();
    await removeMdev(server, "83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1");
    await until(page, `document.querySelectorAll("${ROWS}").length === 2`);
    assertEquals(await page.locator("#device-count").innerText(), "2 of 14 devices");
    assertEquals(await page.evaluate("document.activeElement.textContent"), SOURCE);
    assertEquals(await page.locator("#parents details[open]").count(), 1);
    assertEquals(await page.locator("#overview .tile b").first().innerText(), "14");
    assertEquals(opened.faults, []);
  },
});

/** Removes an mdev from a planted host, as the kernel would. */
async function removeMdev({ directory }: PageServer, id: string): Promise<void> {
  const sys = `${directory}/sys`;
  const links = [];
  for await (const path of walk(sys)) if (path.endsWith(`/${id}`)) links.push(path);
  for (const path of links) {
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* walk(path);
    yield path;
  }
}
