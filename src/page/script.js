/**
 * The script of the page. It renders nothing: all HTML comes from the server, which has escaped it. Without this script
 * the page is complete; with it, filter, sort and answers need no new page, and the page follows the host.
 */
const THEMES = ["auto", "light", "dark"];

/** A setting that this browser keeps. Without storage, it lasts as long as the page. */
const kept = {
  get(name) {
    try {
      return localStorage.getItem(`vfio-ask-${name}`);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`vfio-ask-${name}`, value);
    } catch {
      // The browser forbids it.
    }
  },
};

// Before the first paint, so that no other theme is seen.
document.documentElement.classList.add("with-script");
setTheme(kept.get("theme") ?? "auto");
addEventListener("DOMContentLoaded", start);

function start() {
  startTheme();
  startHelp();
  startCopy();
  startTable();
  startPanel();
  startForm();
  startLive();
  showTimes(document);
}

const byId = (id) => document.getElementById(id);

// Theme

function setTheme(theme) {
  document.documentElement.dataset.theme = THEMES.includes(theme) ? theme : "auto";
}

function startTheme() {
  const button = byId("theme");
  const show = () => {
    const { theme } = document.documentElement.dataset;
    button.textContent = theme[0].toUpperCase() + theme.slice(1);
    button.setAttribute("aria-label", `Theme: ${button.textContent}`);
  };
  button.addEventListener("click", () => {
    const { theme } = document.documentElement.dataset;
    setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
    kept.set("theme", document.documentElement.dataset.theme);
    show();
  });
  show();
}

// Keyboard

function startHelp() {
  const help = byId("help");
  const on = byId("keys-on");
  on.checked = kept.get("keys") !== "off";
  on.addEventListener("change", () => kept.set("keys", on.checked ? "on" : "off"));
  byId("help-open").addEventListener("click", () => help.showModal());
  const go = (id) => {
    location.hash = `#${id}`;
    byId(id).scrollIntoView();
  };
  const keys = {
    "/": () => {
      go("devices");
      document.querySelector(".filter [name=q]").focus({ preventScroll: true });
    },
    a: () => {
      go("ask");
      byId("identity").focus({ preventScroll: true });
    },
    d: () => go("devices"),
    p: () => go("parents"),
    f: () => go("doctor"),
    r: () => go("rules"),
    t: () => byId("theme").click(),
    "?": () => help.showModal(),
  };
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    const isTyping = target.closest("input:not([type=checkbox]), textarea, select") !== null;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping || !on.checked) return;
    if (document.querySelector("dialog[open]") !== null || !Object.hasOwn(keys, key)) return;
    event.preventDefault();
    keys[key]();
  });
}

// Copying

function startCopy() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (button === null) return;
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => button.textContent = "Copy", 2000);
  });
}

// The table of devices

/** The words of each row, to search. */
const wordsOf = new WeakMap();

function startTable() {
  const form = document.querySelector(".filter");
  const head = document.querySelector("table.devices thead");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    filterRows();
    keepQuery();
  });
  form.q.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    form.q.value = "";
    filterRows();
    keepQuery();
  });
  head?.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { column } = link.closest("th").dataset;
    const isReversed = form.sort.value === column && form.dir.value !== "desc";
    form.sort.value = column;
    form.dir.value = isReversed ? "desc" : "asc";
    sortRows();
    keepQuery();
  });
}

function filterRows() {
  const { q, use, can } = document.querySelector(".filter");
  const wanted = q.value.trim().toLowerCase();
  let shown = 0;
  const rows = byId("device-rows")?.rows ?? [];
  for (const row of rows) {
    const { u, c } = row.dataset;
    const hidden = !textOf(row).includes(wanted) || (use.value !== "all" && use.value !== u) ||
      (can.value !== "all" && can.value !== c);
    if (row.hidden !== hidden) row.hidden = hidden;
    if (!hidden) shown++;
  }
  const all = `${rows.length.toLocaleString("en")} device${rows.length === 1 ? "" : "s"}`;
  setText(byId("device-count"), shown === rows.length ? all : `${shown} of ${all}`);
  byId("no-device").hidden = shown > 0;
}

function textOf(row) {
  let text = wordsOf.get(row);
  if (text === undefined) {
    text = [...row.cells].slice(0, -1).map(({ textContent }) => textContent).join(" ")
      .toLowerCase();
    wordsOf.set(row, text);
  }
  return text;
}

/** Sorts as the server does: numbers by value, texts by code unit, then by name. */
function sortRows() {
  const { sort, dir } = document.querySelector(".filter");
  const heads = [...document.querySelectorAll("table.devices thead th")];
  const at = heads.findIndex(({ dataset }) => dataset.column === sort.value);
  const sign = dir.value === "desc" ? -1 : 1;
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[at].setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
  const body = byId("device-rows");
  const rows = [...body.rows].map((row) => ({
    row,
    key: row.cells[at].firstElementChild.textContent,
    id: row.dataset.k,
  }));
  rows.sort((a, b) => sign * compareKeys(a.key, b.key) || compareText(a.id, b.id));
  body.append(...rows.map(({ row }) => row));
}

function compareKeys(a, b) {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? compareText(a, b) : x - y;
}

function compareText(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The query of the filter and the order, as the form without a script would send it. */
function queryNow() {
  const form = document.querySelector(".filter");
  const params = new URLSearchParams(new FormData(form));
  const defaults = { q: "", use: "all", can: "all", sort: "device", dir: "asc" };
  for (const [name, value] of Object.entries(defaults)) {
    if (params.get(name) === value) params.delete(name);
  }
  return params;
}

let keeping;
/** Puts the filter into the address, so that a reload keeps it. Browsers limit how often that may happen. */
function keepQuery() {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    const query = `${queryNow()}`;
    history.replaceState(null, "", query === "" ? "/#devices" : `/?${query}#devices`);
  }, 300);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Details of a device, and the device as a source

function startPanel() {
  const panel = byId("panel");
  panel.addEventListener("click", ({ target }) => target === panel && panel.close());
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href^='/?']");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const params = new URL(link.href).searchParams;
    if (params.has("source")) {
      event.preventDefault();
      askAbout(params.get("source"));
    } else if (params.has("device")) {
      event.preventDefault();
      const response = await fetch(
        `/?part=device&device=${encodeURIComponent(params.get("device"))}`,
      );
      if (!response.ok) return location.assign(link.href);
      byId("panel-body").innerHTML = await response.text();
      if (!panel.open) panel.showModal();
      byId("panel-body").scrollTop = 0;
    } else if (params.has("can") && link.hash === "#devices") {
      const form = document.querySelector(".filter");
      event.preventDefault();
      form.can.value = params.get("can");
      filterRows();
      keepQuery();
      byId("devices").scrollIntoView();
    }
  });
}

function askAbout(id) {
  byId("panel").close();
  byId("identity").value = "";
  byId("ask-form").elements.file.value = "";
  byId("source-device").value = id;
  byId("ask").scrollIntoView();
  byId("ask-form").requestSubmit();
}

// Asking

let asking = new AbortController();

function startForm() {
  const form = byId("ask-form");
  const { file, identity, device } = form.elements;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(new FormData(form, event.submitter));
  });
  device.addEventListener("focus", () => {
    const ids = [...byId("device-rows")?.rows ?? []].map(({ dataset }) => dataset.k);
    byId("device-names").replaceChildren(...ids.map((id) => new Option(id)));
  });
  // Only one source: the last that was given.
  identity.addEventListener("input", () => device.value = "");
  device.addEventListener("input", () => {
    identity.value = "";
    file.value = "";
  });
  const take = async (chosen) => {
    if (chosen === undefined) return;
    device.value = "";
    identity.value = await chosen.text();
    identity.scrollTop = 0;
    file.value = "";
    form.requestSubmit();
  };
  file.addEventListener("change", () => take(file.files[0]));
  const drop = form.querySelector(".drop");
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}

/** Sends the form and shows the pieces of the answer as they arrive. */
async function ask(form) {
  asking.abort();
  const current = asking = new AbortController();
  const places = ["source", "summary", "offers", "refusals"].map((name) => byId(`answer-${name}`));
  for (const place of places) place.replaceChildren();
  byId("answer-offers").hidden = true;
  byId("answer-refused").hidden = true;
  byId("no-answer").hidden = true;
  const area = byId("answer");
  area.setAttribute("aria-busy", "true");
  const summary = byId("answer-summary");
  setText(summary, "Asking…");
  try {
    const { signal } = current;
    const response = await fetch("/?part=answer", { method: "POST", body: form, signal });
    if (!response.headers.get("content-type")?.startsWith("application/x-ndjson")) {
      const problem = await response.json();
      setText(summary, `${problem.title}: ${problem.detail}. ${problem.remedy ?? ""}`);
      return;
    }
    for await (const pieces of piecesOf(response.body)) addPieces(pieces);
  } catch (error) {
    if (!current.signal.aborted) setText(summary, `The server does not answer: ${error.message}`);
  } finally {
    if (current === asking) area.removeAttribute("aria-busy");
  }
}

/** The pieces of each chunk, as soon as their lines are complete. */
async function* piecesOf(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop();
    if (lines.length > 0) yield lines.map((line) => JSON.parse(line));
  }
}

function addPieces(pieces) {
  for (const { into, html } of pieces) {
    const place = byId(`answer-${into}`);
    if (into === "source" || into === "summary") place.innerHTML = html;
    else place.insertAdjacentHTML("beforeend", html);
    if (into === "offers") place.hidden = false;
    if (into === "refusals") byId("answer-refused").hidden = false;
  }
}

// Following the host

let refreshing;

/** Follows the events of the server. Without them, the page shows the host of the time when it was loaded, and says so. */
function startLive() {
  const events = new EventSource("/v1/events");
  const refreshSoon = () => {
    clearTimeout(refreshing);
    refreshing = setTimeout(refresh, 150);
  };
  let isFirst = true;
  events.addEventListener("open", () => showLive("ok", "live"));
  events.addEventListener(
    "error",
    () =>
      events.readyState === EventSource.CLOSED
        ? showLive("note", "not live")
        : showLive("warn", "reconnecting"),
  );
  events.addEventListener("changes", refreshSoon);
  events.addEventListener("reset", ({ data }) => {
    // The first one says where the events begin: the page has it if that is its snapshot.
    const isShown = isFirst && JSON.parse(data).snapshot === Number(byId("snapshot").textContent);
    if (!isShown) refreshSoon();
    isFirst = false;
  });
  addEventListener("pagehide", () => events.close());
}

function showLive(tone, words) {
  const live = byId("live");
  live.className = `state ${tone} scripted`;
  setText(live, words);
}

/** Fetches the parts that follow the host, and exchanges those that have changed. */
async function refresh() {
  try {
    const response = await fetch(`/?part=live&${queryNow()}`);
    if (!response.ok) throw new Error(`${response.status}`);
    const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of parsed.querySelectorAll("[data-live]")) {
      const old = byId(part.id);
      if (old === null) return location.reload();
      if (old.dataset.v === part.dataset.v) continue;
      if (part.dataset.live === "rows") exchangeRows(old, part);
      else exchangePart(old, part);
      old.dataset.v = part.dataset.v;
    }
    showTimes(document);
  } catch (error) {
    showLive("warn", `not live: ${error.message}`);
  }
}

/** Exchanges a part. What a reader has opened stays open, and the focus stays where it was. */
function exchangePart(old, part) {
  for (const { id } of old.querySelectorAll("details[open][id]")) {
    part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  }
  const focus = old.contains(document.activeElement) ? pathTo(old, document.activeElement) : null;
  old.replaceChildren(...part.childNodes);
  if (focus !== null) elementAt(old, focus)?.focus({ preventScroll: true });
}

/** Exchanges the rows that have changed, and keeps the others, with their focus. */
function exchangeRows(old, part) {
  const rows = new Map([...old.rows].map((row) => [row.dataset.k, row]));
  const focused = document.activeElement?.closest("#device-rows tr");
  const focus = focused == null
    ? null
    : { key: focused.dataset.k, path: pathTo(focused, document.activeElement) };
  let at = old.firstElementChild;
  for (const row of [...part.rows]) {
    const before = rows.get(row.dataset.k);
    rows.delete(row.dataset.k);
    const isSame = before?.dataset.v === row.dataset.v;
    if (before === undefined) {
      row.classList.add("new");
      old.insertBefore(row, at);
    } else if (isSame) {
      if (before === at) at = at.nextElementSibling;
      else old.insertBefore(before, at);
    } else {
      row.classList.add("new");
      if (before === at) at = at.nextElementSibling;
      before.replaceWith(row);
      if (row.nextElementSibling !== at) old.insertBefore(row, at);
    }
  }
  for (const gone of rows.values()) gone.remove();
  filterRows();
  if (focus === null) return;
  const row = [...old.rows].find(({ dataset }) => dataset.k === focus.key);
  if (row !== undefined) elementAt(row, focus.path)?.focus({ preventScroll: true });
}

/** The way from an element to one below it, as positions. */
function pathTo(top, element) {
  const path = [];
  for (let at = element; at !== top; at = at.parentElement) {
    path.unshift([...at.parentElement.children].indexOf(at));
  }
  return path;
}

function elementAt(top, path) {
  return path.reduce((element, position) => element?.children[position], top);
}

function showTimes(top) {
  for (const time of top.querySelectorAll("time")) {
    time.title = new Date(time.dateTime).toLocaleString();
  }
}
