import type { Argument } from "./argument.ts";
import type { Kernel } from "./kernel.ts";
import { refuse } from "./refusal.ts";

/** The ioctls of a kind of file, by number. Those that return nothing answer 0. */
export type Requests<State> = Readonly<Record<number, Request<State>>>;

type Request<State> = (state: State, argument: Argument, kernel: Kernel) => number | void;

/** Answers an ioctl. Refuses an unknown one with ENOTTY. */
export function answer<State>(
  requests: Requests<State>,
  request: number,
  ...args: Parameters<Request<State>>
): number {
  return (requests[request] ?? refuse("ENOTTY"))(...args) ?? 0;
}
