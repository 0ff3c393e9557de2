/** A word for a shell: as it is if that is safe, otherwise in single quotes. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A name for a file that no shell and no program misunderstands. */
export function fileName(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, "_").replace(/^[.-]+/, "_").slice(0, 100) || "_";
}
