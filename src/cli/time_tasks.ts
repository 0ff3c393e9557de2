import type { Access } from "../access/mod.ts";
import type { Measures, Timed } from "../export/mod.ts";
import type { WorkerTask } from "../tasks/mod.ts";

/** What each task is timed as. The others are not timed. */
const TIMED_AS: Readonly<Partial<Record<WorkerTask["do"], Timed>>> = {
  probe: "probe",
  test: "preflight",
  "test-version": "preflight",
};

/** Access that times its tasks, with their wait for earlier ones. */
export function timeTasks(access: Access, measures: Measures): Access {
  return {
    ...access,
    async run(task, options) {
      const since = performance.now();
      const result = await access.run(task, options);
      const timed = TIMED_AS[task.do];
      if (timed !== undefined) measures.time(timed, since);
      return result;
    },
  };
}
