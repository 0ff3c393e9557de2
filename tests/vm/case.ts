/** A test in the test machine, and the runner that prints one line per test and counts the results. */
export interface VmCase {
  name: string;
  /** Whether the gate also runs it on the kernel without cdevs, because the behaviour depends on the kernel. */
  sample?: true;
  /** Why it cannot run here, or null. */
  skip?: () => string | null;
  run: () => void | Promise<void>;
}

/** Runs the cases in order; returns the number of failures. */
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
