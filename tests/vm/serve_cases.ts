import { assert, assertEquals } from "@std/assert";
import { parseSnapshot, type Snapshot } from "../../src/documents/mod.ts";
import { parseLines } from "../fixtures/lines.ts";
import type { VmCase } from "./case.ts";
import { startHolder } from "./holder.ts";
import {
  hasCdev,
  makeMdev,
  MTTY_1,
  MTTY_2,
  MTTY_2_IDLE,
  removeMdev,
  sleep,
  until,
} from "./machine.ts";
import { call, startServer, waitForMigration } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const state = () => ["--state", Deno.makeTempDirSync({ prefix: "state-" })];

/** The server's settle time in the case with holders of new devices. */
const SETTLE_S = 10;
/** The number of mdevs to create and hold. */
const TURNS = 10;

export const SERVE_CASES: readonly VmCase[] = [
  {
    name: "serve handles a session: write, ask, refusals, close",
    sample: true,
    async run() {
      await using server = await startServer("--settle", "0", ...state());
      const { url } = server;
      await waitForMigration(url, MTTY_2);
      const identity = (await call(`${url}/v1/devices/${MTTY_2}/identity`)).json();
      const opened = await call(`${url}/v1/sessions`, { method: "POST" });
      assertEquals(opened.status, 201);
      const session = `${url}${opened.headers.get("location")}`;
      assertEquals((await call(`${session}/offers`)).status, 409);
      const written = await call(`${session}/source`, { method: "PUT", body: identity });
      assertEquals([written.status, written.json().offers], [200, 2]);
      const lines = (await call(`${session}/offers`, { accept: "application/x-ndjson" })).text;
      const { items: offers, end } = parseLines(lines) as { items: Json[]; end: Json };
      assertEquals([end.complete, end.offered], [true, 2]);
      assertEquals(
        offers.map(({ rank, configuration }) => [rank, configuration.id ?? configuration.type]),
        [
          [1, MTTY_2_IDLE],
          [2, "mtty-2"],
        ],
      );
      const whole = (await call(`${session}/offers`)).json();
      const schema = "vfio-ask/offer/v1";
      assertEquals(offers, whole.offers.map((offer: Json) => ({ schema, ...offer })));
      const { refusals } = (await call(`${session}/refusals?refusals=each`)).json();
      const codes = (name: string) =>
        refusals.find(({ configuration: { id, type } }: Json) => (id ?? type) === name)
          .reasons.map(({ code }: Json) => code);
      assertEquals(codes(MTTY_2), ["SourceItself"]);
      assertEquals(codes(MTTY_1), ["TypeDiffers", "BarsDiffer"]);
      assert(codes("mtty-1").includes("TypeDiffers"));
      const once = await call(`${url}/v1/ask`, { method: "POST", body: identity });
      assertEquals(once.json().offers, whole.offers);
      assertEquals((await call(session, { method: "DELETE" })).status, 204);
      assertEquals((await call(session)).status, 404);
      assertEquals(await server.stop(), 0);
    },
  },
  {
    name: "serve reports a held device, and its holder notices nothing",
    async run() {
      await using server = await startServer(
        "--settle",
        "0",
        "--refresh",
        "0.1",
        "--probe",
        "each",
        ...state(),
      );
      await waitForMigration(server.url, MTTY_2_IDLE);
      const holder = await startHolder(MTTY_2, hasCdev() ? "cdev" : "group");
      const use = async () => (await call(`${server.url}/v1/devices/${MTTY_2}`)).json().use;
      await until(
        "the server sees the holder",
        async () => (await use()).holder?.pid === holder.pid,
      );
      assertEquals((await use()).state, "in-use");
      // Long enough for the server to scan and to probe several times.
      await sleep(1000);
      assertEquals(await holder.release(), "changes 0");
      await until("the server sees it idle again", async () => (await use()).state === "idle");
      assertEquals(await server.stop(), 0);
    },
  },
  {
    name: "no holder of a new mdev finds it busy while serve runs",
    async run() {
      // The state is empty, so that every class must be probed, and scans are frequent.
      await using server = await startServer(
        "--settle",
        `${SETTLE_S}`,
        "--refresh",
        "0.1",
        ...state(),
      );
      let [busy, late] = [0, 0];
      for (let turn = 0; turn < TURNS; turn++) {
        const id = makeMdev(turn % 2 === 0 ? "mtty-1" : "mtty-2");
        const madeMs = performance.now();
        await sleep((turn * 37) % 400);
        const path = hasCdev() && turn % 3 === 0 ? "cdev" : "group";
        try {
          const holder = await startHolder(id, path);
          if (turn % 5 === 0) await sleep(300);
          assertEquals(await holder.release(), "changes 0");
        } catch (error) {
          // This holder started after the settle time.
          if (performance.now() - madeMs > SETTLE_S * 1000) late++;
          else busy++;
          console.log(String(error));
        }
        removeMdev(id);
      }
      await waitForMigration(server.url, MTTY_2);
      assertEquals(await server.stop(), 0);
      assertEquals(busy, 0);
      assert(late < TURNS / 2, `${late} of ${TURNS} holders took over ${SETTLE_S} s to start`);
    },
  },
  {
    name: "serve sees an mdev appear and disappear, with a new snapshot for each change",
    async run() {
      await using server = await startServer("--probe", "never", ...state());
      const look = async () => parseSnapshot((await call(`${server.url}/v1/snapshot`)).json());
      const before = await look();
      const names = ({ devices }: Snapshot) => devices.map(({ id }) => id);
      const id = makeMdev("mtty-1");
      await until("the mdev is seen", async () => names(await look()).includes(id));
      const with_ = await look();
      removeMdev(id);
      await until("the mdev is gone", async () => !names(await look()).includes(id));
      const after = await look();
      await server.stop();
      assertEquals(with_.devices.length, before.devices.length + 1);
      assertEquals(names(after), names(before));
      assert(before.snapshot < with_.snapshot && with_.snapshot < after.snapshot);
    },
  },
];
