import * as z from "zod/mini";
import { Capabilities, Check, Holder, type Known } from "../identity/mod.ts";
import type { World } from "./world.ts";

/** What came of asking one device. Only `answered` carries capabilities. */
export const ProbeResult = z.lazy(() =>
  z.looseObject({
    device: z.string(),
    outcome: z.enum([
      "answered",
      "in-use",
      "new",
      "not-permitted",
      "not-viable",
      "gone",
      "failed",
      "stuck",
    ]),
    capabilities: z.nullable(Capabilities),
    check: z.nullable(Check),
    holder: z.nullable(Holder),
    sentence: z.string(),
    remedy: z.nullable(z.string()),
  })
);
export type ProbeResult = Known<z.infer<typeof ProbeResult>>;

/**
 * Asks one device, in this process: only the command `probe` does so.
 *
 * A device that somebody holds, as `/proc` tells, is not opened. Effect: opens, see `openDevice`, `probeDevice`
 * and `addDeclared`. Never throws: what goes wrong is an outcome.
 */
export async function probeOne(
  world: World,
  id: string,
  path: "any" | "cdev" | "group" = "any",
): Promise<ProbeResult> {
  // A server, which never opens a device, starts without what does.
  const { probeDevice } = await import("../probe/mod.ts");
  const { withIdleDevice } = await import("./with_device.ts");
  const { addDeclared } = await import("./declared.ts");
  const came = await withIdleDevice(
    world,
    id,
    (handle, device) => ({ device, answer: probeDevice(handle, id, world.now()) }),
    { path },
  );
  if ("unavailable" in came) return { device: id, capabilities: null, ...came.unavailable };
  return {
    device: id,
    outcome: "answered",
    // Closed by now: another driver's firmware is asked, which may take its time.
    capabilities: addDeclared(world, came.done.device, came.done.answer),
    check: null,
    holder: null,
    sentence: `${id} answered`,
    remedy: null,
  };
}
