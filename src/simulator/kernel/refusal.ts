/** The simulated kernel's `return -EINVAL`. It becomes a `SysError` for the caller. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = "Refusal";
  }
}

/** Ends the call with an errno, given by name. */
export function refuse(code: string): never {
  throw new Refusal(code);
}
