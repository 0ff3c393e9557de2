/**
 * Checks the Debian packages with lintian, and installs, replaces, removes and purges one in a copy of this machine's file
 * system (an overlay), as root. What systemd does with the services is tested in the virtual machine.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { LIBC } from "../../scripts/deb/documents.ts";
import { type Checkout, checkOut, must } from "./checkout.ts";

/** dpkg's own records, its logs, and files that other programs rewrite in any installation. */
const RECORDS = /^\/(var\/(lib\/dpkg|log|cache)|etc\/(ld\.so\.cache|.*-$))/;

/** Runs `$1` in an overlay of the root file system, below the directory `$0`. */
const IN_OVERLAY = `
set -e
mount -t tmpfs tmpfs "$0"
mkdir "$0/changes" "$0/work" "$0/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/changes,workdir=$0/work" "$0/root"
mount --bind /dev "$0/root/dev"
mount -t proc proc "$0/root/proc"
cp "$2" "$0/root/package.deb"
chroot "$0/root" sh -ec "$1"
rm "$0/root/package.deb"
# What differs now from the machine: files with other bytes, and new directories.
cd "$0/changes"
find . -mindepth 1 -printf '%y %P\\n' | while read -r type path; do
  if [ "$type" = d ]; then [ -d "/$path" ] || echo "left /$path"
  else cmp -s "$path" "/$path" || echo "left /$path"
  fi
done
`;

const LIFE = `
exec 3>&1 1>&2
dpkg --install /package.deb
getent passwd vfio-ask >&3
systemctl is-enabled vfio-ask.service >&3
vfio-ask version >&3
systemctl disable vfio-ask.service
dpkg --install /package.deb
systemctl is-enabled vfio-ask.service >&3 || true
mkdir -p /var/lib/vfio-ask /etc/vfio-ask/rules.d
touch /var/lib/vfio-ask/observations.json /etc/vfio-ask/rules.d/mine.json
dpkg --remove vfio-ask
test -e /etc/vfio-ask/rules.d/mine.json -a -e /var/lib/vfio-ask/observations.json
test ! -e /usr/bin/vfio-ask
dpkg --purge vfio-ask
getent passwd vfio-ask >&3 || echo no user >&3
`;

async function buildPackage(checkout: Checkout, arch: string, debArch: string): Promise<string> {
  await must(checkout, ["scripts/deno", "task", "deb", "--arch", arch]);
  const version = JSON.parse(await Deno.readTextFile("deno.json")).version;
  return join(checkout.folder, `dist/vfio-ask_${version}_${debArch}.deb`);
}

Deno.test("lintian has no errors or warnings for the packages, and the control files are right", async (t) => {
  await using checkout = await checkOut();
  const packages: string[] = [];
  for (const [arch, debArch] of [["x86_64", "amd64"], ["aarch64", "arm64"]] as const) {
    await t.step(debArch, async () => {
      const path = await buildPackage(checkout, arch, debArch);
      packages.push(path);
      const lintian = ["lintian", "--allow-root", "--fail-on", "error,warning", path];
      const { code, out, err } = await checkout.run(lintian);
      assertEquals(code, 0, out + err);
      assertEquals(await must(checkout, ["dpkg-deb", "-f", path, "Architecture"]), `${debArch}\n`);
    });
  }

  await t.step("the C library is as new as the executables need it", async () => {
    for (const binary of ["dist/vfio-ask", "dist/vfio-ask-aarch64"]) {
      const needs = await must(checkout, ["readelf", "-V", "-W", binary]);
      const versions = [...needs.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
      assertEquals(`2.${Math.max(...versions)}`, LIBC);
    }
  });

  await t.step("installed, replaced, removed and purged, it leaves nothing", async () => {
    const directory = await Deno.makeTempDir({ prefix: "vfio-ask-overlay-" });
    try {
      const args = ["--mount", "--pid", "--fork", "sh", "-c", IN_OVERLAY, directory, LIFE];
      const { code, out, err } = await checkout.run(["unshare", ...args, packages[0]!]);
      assertEquals(code, 0, out + err);
      const [user, enabled, version, ...rest] = out.trim().split("\n");
      // The administrator's choice to disable it is kept.
      assert(rest.includes("disabled"), out + err);
      assert(user!.startsWith("vfio-ask:"), out + err);
      assertEquals(enabled, "enabled");
      assertStringIncludes(version!, "vfio-ask 0.");
      assertStringIncludes(out, "\nno user\n");
      const left = rest.filter((line) => line.startsWith("left "))
        .map((line) => line.slice("left ".length));
      assertEquals(left.filter((path) => !RECORDS.test(path)), []);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
});
