/** A test in the test machine, and the runner that prints a line for each and counts them. */
export interface VmCase {
  name: string;
  /** Whether it is also run on the kernel without cdevs each time, as one of few: what it shows differs by kernel. */
  sample?: true;
  /** Why it cannot be run here, or null. */
  skip?: () => string | null;
  run: () => void | Promise<void>;
}

/** Runs the cases in order; gives how many failed. */
export async function runCases(cases: readonly VmCase[]): Promise<number> {
  let [passed, failed, skipped] = [0, 0, 0];
  for (const { name, skip, run } of cases) {
    const reason = skip?.() ?? null;
    if (reason !== null) {
      skipped++;
      console.log(`skip ${name} (${reason})`);
      continue;
    }
    const started = performance.now();
    const took = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    try {
      await run();
      passed++;
      console.log(`ok ${name} (${took()})`);
    } catch (error) {
      failed++;
      console.log(`not ok ${name} (${took()})`);
      console.log(error instanceof Error ? error.stack ?? error.message : error);
    }
  }
  console.log(`vm: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed;
}
