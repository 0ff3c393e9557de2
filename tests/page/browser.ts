/** Chromium for the tests, by playwright-core, of which this declares what the tests use. */

/** What is fetched from npm. Not part of deno.json, because only these tests need it. */
const PLAYWRIGHT = "npm:playwright-core@1.65.1";
const AXE = "npm:axe-core@4.14.1";

export interface Locator {
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  focus(): Promise<void>;
  press(key: string): Promise<void>;
  count(): Promise<number>;
  check(): Promise<void>;
  uncheck(): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  setInputFiles(file: { name: string; mimeType: string; buffer: Uint8Array }): Promise<void>;
  innerText(): Promise<string>;
  textContent(): Promise<string | null>;
  inputValue(): Promise<string>;
  getAttribute(name: string): Promise<string | null>;
  allInnerTexts(): Promise<string[]>;
  waitFor(options?: { state?: "visible" | "hidden" | "attached" }): Promise<void>;
  isVisible(): Promise<boolean>;
  locator(selector: string): Locator;
  nth(index: number): Locator;
  first(): Locator;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  locator(selector: string): Locator;
  evaluate<T>(code: string): Promise<T>;
  waitForTimeout(ms: number): Promise<void>;
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>;
  reload(): Promise<unknown>;
  context(): { newCDPSession(page: Page): Promise<DevTools> };
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  on(event: string, listener: (value: Told) => void): void;
}

/** The processor time that Chromium's main thread has used for the page so far, in ms, by kind of work. */
export async function openStopwatch(page: Page): Promise<() => Promise<Record<string, number>>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value * 1000]));
  };
}

/** A connection to Chromium's own interface. */
interface DevTools {
  send(
    method: string,
    params?: object,
  ): Promise<{ metrics: { name: string; value: number }[] }>;
}

/** What a page reports: a message of the console, an error, a request, a dialog. */
interface Told {
  type(): string;
  text(): string;
  url(): string;
  message: string;
  location(): { url: string };
  failure(): { errorText: string } | null;
}

interface Context {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Browser {
  newContext(options: object): Promise<Context>;
  close(): Promise<void>;
}

/** The flags of Chromium: no sandbox, because tests run as root, and no traffic of its own. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium without a window, with an empty profile. */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await import(PLAYWRIGHT);
  const executablePath = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";
  return await chromium.launch({ executablePath, args: FLAGS, headless: true });
}

/** How a page is seen. */
export interface Look {
  width?: number;
  height?: number;
  colorScheme?: "light" | "dark";
  javaScriptEnabled?: boolean;
}

/** A page whose faults are noted: errors, messages of the console, failed requests, and requests to other hosts. */
export interface WatchedPage extends AsyncDisposable {
  page: Page;
  faults: string[];
}

/** Opens a page of a server. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1280, height = 900, ...look }: Look = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width, height }, ...look });
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin } = new URL(url);
  // A server without events answers 404, and the page shows that it is not live.
  const isEvents = (text: string) => text.endsWith("/v1/events");
  page.on("pageerror", ({ message }) => faults.push(`error: ${message}`));
  page.on("console", (message) => {
    if (message.type() !== "error" || isEvents(message.location().url)) return;
    faults.push(`console: ${message.text()}`);
  });
  page.on("dialog", ({ message }) => faults.push(`dialog: ${message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`request to ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    const error = request.failure()?.errorText ?? "unknown";
    // The page aborts a question when the next one is asked. Chromium also reports this if the end of a stream is read
    // before its network process has finished. Errors of the server have other names.
    const isAborted = error === "net::ERR_ABORTED" && request.url().endsWith("/?part=answer");
    if (!isEvents(request.url()) && !isAborted) faults.push(`${error} ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults, [Symbol.asyncDispose]: () => context.close() };
}

/** Waits until code gives true. Playwright's own way needs `eval`, which the page's policy forbids. */
export async function until(page: Page, code: string): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (!await page.evaluate<boolean>(code)) {
    if (Date.now() > endMs) throw new Error(`Not within 30 s: ${code}`);
    await page.waitForTimeout(50);
  }
}

/** The rules of axe-core that a page violates, with the elements. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const { default: axe } = await import(AXE);
  await page.evaluate(`${axe.source}; void 0`);
  return await page.evaluate<string[]>(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) =>
      html.slice(0, 120) + " " + failureSummary).join(" | ")))`);
}
