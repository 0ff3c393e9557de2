import { Failure, type FoundMachines, shownName, type Snapshot } from "../documents/mod.ts";
import { HttpProblem } from "./problem.ts";
import type { Route } from "./route.ts";

/** What the routes of virtual machines need. */
export interface VmWorld {
  newest: () => Promise<Snapshot>;
  /** The virtual machines of this host, with the XML of one of them: by name, UUID or pid. */
  machines: (xmlOf: string | null) => Promise<FoundMachines>;
}

/** The routes of virtual machines. The machines are read first, so that the snapshot has their devices. */
export function vmRoutes({ newest, machines }: VmWorld): readonly Route[] {
  // Loaded on demand: most programs ask about devices.
  const load = () => import("../vms/mod.ts");
  return [
    ["GET", "/v1/vms", async (c) => {
      const { listMachines } = await load();
      const found = await machines(null);
      return c.json(listMachines(await newest(), found));
    }],
    ["GET", "/v1/vms/:id", async (c) => {
      const { describeMachine, machineNamed } = await load();
      const id = c.req.param("id")!;
      const found = await machines(id);
      const snapshot = await newest();
      try {
        return c.json(await describeMachine(snapshot, machineNamed(found, id)));
      } catch (error) {
        throw asVmProblem(error, id);
      }
    }],
  ];
}

/** The problem of a machine that cannot be found, or that has no device. */
function asVmProblem(error: unknown, id: string): unknown {
  if (!(error instanceof Failure) || error.code !== "not-found") return error;
  const { message, remedy } = error;
  return new HttpProblem("vm-unknown", message, { remedy, value: shownName(id) });
}
