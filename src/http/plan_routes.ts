import * as z from "zod/mini";
import { Failure, readAs, shorten } from "../documents/mod.ts";
import type { WithBody } from "./bodies.ts";
import type { Plans } from "./plans.ts";
import { HttpProblem } from "./problem.ts";
import type { Route } from "./route.ts";

/** The route that says how to carry out a plan of an answer. */
export function planRoutes({ plans, withBody }: { plans: Plans; withBody: WithBody }): Route[] {
  return [
    ["POST", "/v1/plans/:id/export", (c) =>
      withBody(c.req.raw, async ({ json }) => {
        const { as, to = null } = readRequest(json);
        const { plan, machine, sourceHost, host } = plans.get(c.req.param("id")!);
        const xml = machine?.libvirt?.xml ?? null;
        if (as === "xml" && xml === null) throw withoutXml();
        const vm = machine === null ? null : { ...machine, host: machine.host.name, xml };
        // Loaded on demand: few answers are carried out.
        const { definitionsDocument, makeMove, writeScript } = await import("../moves/mod.ts");
        const move = orProblem(() => makeMove({ plan, vm, host, to }));
        switch (as) {
          case "xml":
            return c.body(move.xml!, 200, { "content-type": "application/xml; charset=utf-8" });
          case "commands":
            return c.text(writeScript(move, { sourceHost }));
          case "mdevctl":
            return c.json(definitionsDocument(move));
          case "document":
            return c.json(move);
        }
      })],
  ];
}

/** What an export is asked for. */
const ExportRequest = z.strictObject({
  as: z.enum(["xml", "commands", "mdevctl", "document"]),
  to: z.optional(
    z.nullable(
      z.string().check(
        z.maxLength(512),
        z.regex(/^[a-z][a-z0-9+.-]*:\/\/[^\s\p{Cc}]*$/iu, "Invalid input: expected a URI"),
      ),
    ),
  ),
});
type ExportRequest = z.infer<typeof ExportRequest>;

function readRequest(body: unknown): ExportRequest {
  const { data, issues } = readAs<ExportRequest>(ExportRequest, body);
  if (issues === undefined) return data;
  const [{ pointer, value = null }] = issues;
  throw new HttpProblem("bad-request", `${pointer || "body"}: not a request for an export`, {
    pointer,
    value: shorten(value),
    remedy:
      'Send { "as": "xml" }, or commands, mdevctl or document, and the URI of this host as "to" if needed.',
  });
}

function withoutXml(): HttpProblem {
  return new HttpProblem("not-expressible", "The answer was not about a virtual machine with XML", {
    pointer: "/as",
    value: "xml",
    remedy: "Ask with the document of a virtual machine that libvirt manages, or export commands.",
  });
}

/** Turns what cannot be expressed into a problem. */
function orProblem<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new HttpProblem("not-expressible", error.message, { remedy: error.remedy });
  }
}
