/**
 * Where a host's trees are mounted. Every path is derived from these three. A planted tree, a container's `/host` and a
 * simulated host are therefore read like the real one.
 */
export interface HostRoots {
  /** sysfs: `/sys`. */
  readonly sys: string;
  /** Device nodes: `/dev`. */
  readonly dev: string;
  /** procfs: `/proc`. */
  readonly proc: string;
}

export const THIS_HOST: HostRoots = { sys: "/sys", dev: "/dev", proc: "/proc" };
