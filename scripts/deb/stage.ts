/** Writes the files of the package below a directory. */
import { dirname, join } from "@std/path";

const BINARY = "--binary=/usr/bin/vfio-ask";

/** Files with a text of their own, by path. */
const TEXTS: Readonly<Record<string, string>> = {
  "usr/lib/sysusers.d/vfio-ask.conf": 'u vfio-ask - "vfio-ask" /var/lib/vfio-ask\n',
  "usr/lib/tmpfiles.d/vfio-ask.conf": "d /etc/vfio-ask 0755 root root -\n",
};
/** Files that a command of the binary prints, by path. */
const PRINTED: Readonly<Record<string, readonly string[]>> = {
  "usr/lib/systemd/system/vfio-ask.service": ["unit", "vfio-ask.service", BINARY],
  "usr/lib/systemd/system/vfio-ask-worker.socket": ["unit", "vfio-ask-worker.socket", BINARY],
  "usr/lib/systemd/system/vfio-ask-worker@.service": ["unit", "vfio-ask-worker@.service", BINARY],
  "usr/share/bash-completion/completions/vfio-ask": ["completions", "bash"],
  "usr/share/zsh/vendor-completions/_vfio-ask": ["completions", "zsh"],
  "usr/share/fish/vendor_completions.d/vfio-ask.fish": ["completions", "fish"],
};

/** Writes the files below a directory with a binary that runs on this machine, and copies the binary. */
export async function stage(binary: string, root: string): Promise<void> {
  await add(root, "usr/bin/vfio-ask", await Deno.readFile(binary));
  await Deno.chmod(join(root, "usr/bin/vfio-ask"), 0o755);
  for (const [path, text] of Object.entries(TEXTS)) {
    await add(root, path, new TextEncoder().encode(text));
  }
  for (const [path, args] of Object.entries(PRINTED)) {
    const { success, stdout } = await new Deno.Command(binary, { args: [...args] }).output();
    if (!success) throw new Error(`Cannot run ${binary} ${args.join(" ")}`);
    await add(root, path, stdout);
  }
}

async function add(root: string, path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(join(root, path)), { recursive: true });
  await Deno.writeFile(join(root, path), bytes);
}
