import type { Placement, Plan } from "../judge/joint/mod.ts";

/** A placement with the device that the machine has then. */
export interface SettledPlacement extends Placement {
  /** The UUID of an mdev, which may be still to be made, or the name of another device. */
  target: string;
}

/** A plan with its id, and the name of each device on the destination. */
export interface SettledPlan extends Plan {
  id: string;
  placements: SettledPlacement[];
}

/** The machine of a plan, as far as a move needs it. */
export interface MovedMachine {
  name: string;
  uuid: string | null;
  /** The host that it is on. */
  host: string;
  state: "running" | "off";
  /** Its domain XML; null if libvirt does not manage it, or if the XML is not known. */
  xml: string | null;
}

/** The question of a move: the plan, the machine and the destination. */
export interface MoveQuestion {
  plan: SettledPlan;
  /** Null if only its devices are known. */
  vm: MovedMachine | null;
  /** The name of the destination. */
  host: string;
  /** How libvirt on the source reaches the destination; by SSH and the host's name if not given. */
  to?: string | null;
}
