/** What is timed, with the bounds of its histogram in seconds. */
const TIMED = {
  ask: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  scan: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  probe: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  preflight: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
} as const;
export type Timed = keyof typeof TIMED;

/** Durations by the bounds of buckets. `counts` has one more entry than `bounds`, for what is above all of them. */
export interface Histogram {
  bounds: readonly number[];
  counts: number[];
  sum: number;
}

/** Counts and times of this process since its start. */
export interface Measures {
  /** Counts a request by its route, such as `GET /v1/devices`, and its status. */
  request(route: string, status: number): void;
  /** Counts a refused request by its problem. */
  refused(problem: string): void;
  /** Counts a stream as open until `completed`. */
  stream(completed: Promise<unknown>): void;
  /** Times work that began at `since`, of `performance.now()`. */
  time(what: Timed, since: number): void;
  readonly requests: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly refusals: ReadonlyMap<string, number>;
  readonly streams: number;
  readonly times: Readonly<Record<Timed, Histogram>>;
}

/** Makes the counts and times, all zero. Their number does not depend on what callers send. */
export function makeMeasures(): Measures {
  const requests = new Map<string, Map<number, number>>();
  const refusals = new Map<string, number>();
  let streams = 0;
  const empty = (bounds: readonly number[]): Histogram => ({
    bounds,
    counts: Array<number>(bounds.length + 1).fill(0),
    sum: 0,
  });
  const times = {
    ask: empty(TIMED.ask),
    scan: empty(TIMED.scan),
    probe: empty(TIMED.probe),
    preflight: empty(TIMED.preflight),
  };
  return {
    requests,
    refusals,
    times,
    get streams() {
      return streams;
    },
    request(route, status) {
      const classes = requests.get(route);
      const kind = Math.floor(status / 100);
      if (classes === undefined) requests.set(route, new Map([[kind, 1]]));
      else classes.set(kind, (classes.get(kind) ?? 0) + 1);
    },
    refused: (problem) => void refusals.set(problem, (refusals.get(problem) ?? 0) + 1),
    stream(completed) {
      streams++;
      const end = () => void streams--;
      completed.then(end, end);
    },
    time(what, since) {
      const seconds = (performance.now() - since) / 1000;
      const { bounds, counts } = times[what];
      const at = bounds.findIndex((bound) => seconds <= bound);
      counts[at === -1 ? bounds.length : at]! += 1;
      times[what].sum += seconds;
    },
  };
}
