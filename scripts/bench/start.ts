import { type Figure, sampleInTurns } from "./figure.ts";
import { readProcessorMs } from "./processor.ts";
import { prepareServers, type Server, startServer } from "./servers.ts";

const ROUNDS = 20;
const TARGET = 1.5;

/**
 * The time from exec to the first answer, and its processor time, which is stable on a busy machine. The yardstick is a
 * server of one route.
 */
export async function benchStart(): Promise<Figure[]> {
  const { ours, yardstick } = await prepareServers();
  console.log(`start: ${ROUNDS} rounds`);
  const samples = await sampleInTurns(ROUNDS, {
    ours: () => measureStart(ours),
    yardstick: () => measureStart(yardstick),
  });
  const figure = (name: string, pick: (sample: Sample) => number): Omit<Figure, "target"> => ({
    name: `start, ${name}`,
    unit: "ms",
    ours: samples.ours.map(pick),
    yardstick: samples.yardstick.map(pick),
  });
  return [
    { ...figure("to first answer", ({ answerMs }) => answerMs), target: TARGET },
    { ...figure("processor time", ({ processorMs }) => processorMs), target: null },
  ];
}

interface Sample {
  answerMs: number;
  processorMs: number;
}

async function measureStart(server: Server): Promise<Sample> {
  const start = performance.now();
  await using running = await startServer(server);
  return { answerMs: performance.now() - start, processorMs: readProcessorMs(running.pid) };
}
