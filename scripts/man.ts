/** Writes src/man/rules_text.json, the copy of the README of the rules that the program makes vfio-ask-rules(5) from. */
import { fromFileUrl } from "@std/path";

const TOP = fromFileUrl(new URL("..", import.meta.url));
const README = `${TOP}/src/judge/rules/README.md`;
/** The copy. */
export const COPY = `${TOP}/src/man/rules_text.json`;

/** The text of the copy. */
export function rulesText(): string {
  const lines = Deno.readTextFileSync(README).trimEnd().split("\n");
  return JSON.stringify({ lines }, null, 2) + "\n";
}

if (import.meta.main) Deno.writeTextFileSync(COPY, rulesText());
