/** Writes the files of the package below a directory, with a binary that runs on this machine. */
export async function stage(binary: string, root: string): Promise<void> {
  const options = ["--root", root, "--prefix", "/usr", "--no-start", "--no-manifest"];
  const command = new Deno.Command(binary, { args: ["install", ...options], stdout: "null" });
  const { success } = await command.spawn().status;
  if (!success) throw new Error(`Cannot run ${binary} install`);
}
