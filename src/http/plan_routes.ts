import { Failure, shorten, type Snapshot } from "../documents/mod.ts";
import type { WithBody } from "./bodies.ts";
import type { PlansKept } from "./plans_kept.ts";
import { HttpProblem } from "./problem.ts";
import type { Route } from "./route.ts";

/** The longest URI of a destination. */
const MAX_URI = 512;

/** The route that returns what carries out a plan. */
export function planRoutes(
  { newest }: { newest: () => Promise<Snapshot> },
  { plansKept, withBody }: { plansKept: PlansKept; withBody: WithBody },
): Route[] {
  return [
    ["POST", "/v1/plans/:id/export", (c) =>
      withBody(c.req.raw, async ({ json }) => {
        const to = readUri(json);
        const kept = plansKept.find(c.req.param("id")!);
        if (kept === null) {
          throw new HttpProblem("plan-unknown", "There is no such plan, or no longer", {
            value: c.req.param("id"),
            remedy: "Ask again with POST /v1/ask, and use the id of one of its plans.",
          });
        }
        // Loaded on demand, with the XML library.
        const { makeMove } = await import("../moves/mod.ts");
        const options = to === null ? {} : { to };
        return c.json(await makeMove(kept, await newest(), options).catch(asPlanProblem));
      })],
  ];
}

/** A plan that cannot be carried out by XML and commands is no failure of the server. */
function asPlanProblem(error: unknown): never {
  if (!(error instanceof Failure) || error.code !== "unsupported") throw error;
  const { message, remedy, subject } = error;
  throw new HttpProblem("plan-not-expressible", message, { value: subject, remedy });
}

/** The URI of `{ "to": URI }`; null if there is none. */
function readUri(body: unknown): string | null {
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  const { to = null, ...others } = isObject ? body as { to?: unknown } : { other: body };
  const [other] = Object.keys(others);
  const isUri = typeof to === "string" && to.length <= MAX_URI && /^[a-z][\w+.-]*:\S+$/i.test(to);
  if (other === undefined && (to === null || isUri)) return to;
  throw new HttpProblem("bad-request", "The body is not an export of a plan", {
    pointer: other === undefined ? "/to" : isObject ? `/${other}` : "",
    value: shorten(other === undefined ? to : body),
    remedy: 'Send {}, or { "to": "qemu+ssh://HOST/system" }.',
  });
}
