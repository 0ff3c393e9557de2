/** How a program was built. `scripts/build.ts` writes it. */
export interface Build {
  /** The commit of the sources, null if they were in no git repository. */
  commit: string | null;
  /** Whether files differed from the commit. */
  changed: boolean;
  runtime: {
    /** Deno's own host, a host or a file that the builder named, or a package of npm. */
    origin: "release-host" | "other-host" | "npm" | "file";
    /** The URL, the package with its version, or the name of the file. */
    from: string;
    /** The version of Deno. Null for a file that the builder named. */
    deno: string | null;
    sha256: string;
  };
}

/** The name of the file in the executable. */
export const BUILD_FILE = "build.json";

/**
 * How this program was built. Null if it runs from its sources.
 *
 * Source: `build.json` next to the main module in the executable. Effect: none.
 */
export function readBuild(): Build | null {
  if (!Deno.build.standalone) return null;
  return JSON.parse(Deno.readTextFileSync(new URL(BUILD_FILE, Deno.mainModule)));
}
