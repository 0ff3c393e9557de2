/** Builds of the work tree in folders of their own. */
import { dirname, join } from "@std/path";

/** A folder with the sources as one commit, which includes changes that are not committed yet. */
export interface Checkout extends AsyncDisposable {
  folder: string;
  /** Runs a program in the folder. Returns its exit code and output. */
  run(command: readonly string[], env?: Record<string, string>): Promise<Output>;
}

export interface Output {
  code: number;
  out: string;
  err: string;
}

/** Copies the work tree and commits it. The commit is always the same one for the same files. */
export async function checkOut(): Promise<Checkout> {
  const checkout = await openFolder("sources");
  const listed = await runIn(Deno.cwd(), ["git", "ls-files", "-z", "-co", "--exclude-standard"]);
  for (const path of listed.out.split("\0").filter((path) => path !== "")) {
    const to = join(checkout.folder, path);
    await Deno.mkdir(dirname(to), { recursive: true });
    // A file that was removed but not committed is listed too.
    await Deno.copyFile(path, to).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  const identity = ["-c", "user.name=test", "-c", "user.email=test@test.invalid"];
  const date = "2026-01-01T00:00:00Z";
  await must(checkout, ["git", "init", "--quiet"]);
  await must(checkout, ["git", "add", "--all"]);
  await must(checkout, ["git", ...identity, "commit", "--quiet", "--message=test"], {
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
  });
  return checkout;
}

/** Clones a checkout into a folder with a longer path. */
export async function cloneOf({ folder }: Checkout): Promise<Checkout> {
  const clone = await openFolder("another/place/for/the/same/sources");
  await must(clone, ["git", "clone", "--quiet", folder, "."]);
  return clone;
}

/** Runs a command that must succeed. */
export async function must(
  checkout: Checkout,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { code, out, err } = await checkout.run(command, env);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${out}${err}`);
  return out;
}

async function openFolder(name: string): Promise<Checkout> {
  const top = await Deno.makeTempDir({ prefix: "vfio-ask-release-" });
  const folder = join(top, name);
  await Deno.mkdir(folder, { recursive: true });
  return {
    folder,
    run: (command, env = {}) => runIn(folder, command, env),
    [Symbol.asyncDispose]: () => Deno.remove(top, { recursive: true }),
  };
}

async function runIn(
  cwd: string,
  [program, ...args]: readonly string[],
  env: Record<string, string> = {},
): Promise<Output> {
  const own = { VFIO_ASK_CONFIG: "", NO_COLOR: "1", ...env };
  const command = new Deno.Command(program!, { args, cwd, env: own, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}
