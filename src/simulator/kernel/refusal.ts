/** The simulated kernel's way of saying `return -EINVAL`; it becomes a `SysError` at the door. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = "Refusal";
  }
}

/** Ends the call with an errno, by its name. */
export function refuse(code: string): never {
  throw new Refusal(code);
}
