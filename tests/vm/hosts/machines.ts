/** The virtual machines and devices of the cases. hosts.sh makes the mediated devices. */
import type { Domain } from "./domain.ts";

/** Has an mtty-2, which is two serial ports. */
export const WIDE = {
  name: "wide",
  uuid: "cccccccc-0000-4000-8000-000000000002",
  mdevs: ["22222222-0000-4000-8000-0000000000a1"],
} as const satisfies Domain;

/** Has an mtty-1, which is one serial port. */
export const NARROW = {
  name: "narrow",
  uuid: "cccccccc-0000-4000-8000-000000000001",
  mdevs: ["11111111-0000-4000-8000-0000000000a1"],
} as const satisfies Domain;

/** Has an mdpy-vga, whose driver cannot migrate. */
export const DISPLAY = {
  name: "display",
  uuid: "cccccccc-0000-4000-8000-000000000003",
  mdevs: ["33333333-0000-4000-8000-0000000000a1"],
} as const satisfies Domain;

/** The mtty-1 of hostb. */
export const MTTY_1_B = "11111111-0000-4000-8000-0000000000b1";
/** The mtty-2 of hostb. */
export const MTTY_2_B = "22222222-0000-4000-8000-0000000000b1";
/** The mdpy-vga of hostb. */
export const MDPY_B = "33333333-0000-4000-8000-0000000000b1";
