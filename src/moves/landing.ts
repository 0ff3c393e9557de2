import type { Configuration, DeviceType, Identity } from "../documents/mod.ts";

/** A source with the device that it goes to. */
export interface Landing {
  source: Identity;
  configuration: Configuration;
  /** The name of the device on the destination. */
  device: string;
  /** The type to make the device of; null if the device exists. */
  type: DeviceType | null;
}
