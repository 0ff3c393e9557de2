/**
 * Where a host's trees are mounted. Every path that is read derives from these three, so that a planted
 * tree, a container's `/host` or a simulated host are read like the real one.
 */
export interface HostRoots {
  /** sysfs: `/sys`. */
  readonly sys: string;
  /** Device nodes: `/dev`. */
  readonly dev: string;
  /** procfs: `/proc`. */
  readonly proc: string;
}

/** This host's own. */
export const THIS_HOST: HostRoots = { sys: "/sys", dev: "/dev", proc: "/proc" };
