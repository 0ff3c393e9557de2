import {
  type Check,
  type CodeOf,
  type DeclaredTest,
  type DriverTest,
  type Handed,
  mayBeTheHosts,
  type Reason,
  type TestDepth,
} from "../../documents/mod.ts";
import type { TestResult } from "./test_result.ts";

/** A test and its input. */
export interface DriverTested {
  /** The driver's name, for the start of sentences. */
  driver: string;
  test: DriverTest;
  /** The amount of data and the part of the stream that it comes from. */
  source: { bytes: number; phase: "pre-copy" | "stop-copy" };
  declared: DeclaredTest | null;
}

/** The result if there is no data to test a driver with. Pure. */
export function judgeWithoutData(driver: string, why: string): TestResult {
  return notKnown(
    "InitialDataMissing",
    `${driver}: there is no initial data to test with: ${why}`,
    {
      source: "none",
      host: null,
    },
  );
}

/** The result of a test that was not run. Pure. */
export function judgeNotMade(
  driver: string,
  why: string,
  { code = "NotTested", check = null }: { code?: CodeOf<"tests", "warn">; check?: Check | null } =
    {},
): TestResult {
  return notKnown(code, `${driver}: not tested: ${why}`, {
    source: null,
    host: null,
    ...(check === null ? {} : { check }),
  });
}

/**
 * The verdict of a test. If the driver refuses the write, it rejects the source, unless it also refuses its own device's
 * data. If the driver takes the write, it accepts the source on two conditions. It must be known to check the data: it
 * refused altered data, or rules declare what it compares. And the data must be at least as long as its own initial
 * data. Otherwise the result is unknown. Pure.
 */
export function judgeDriver(tested: DriverTested): TestResult {
  const { test, declared } = tested;
  return { ...judge(tested), declared, test };
}

function judge(tested: DriverTested): TestResult {
  const { driver, test: { own, source: handed }, source } = tested;
  const told = (check?: Check) => valuesOf(tested, check);
  if (own?.is === "refused" || own?.is === "partly-taken") {
    const check = own.is === "refused" ? own.check : undefined;
    const did = check === undefined ? "accepted only part of" : `refused, with ${answer(check)},`;
    const sentence = `${driver} ${did} its own device's initial data, so its answer proves nothing`;
    return notKnown("TestUnsound", sentence, told(check));
  }
  const stopped = handed ?? own;
  if (stopped === null || handed === null || handed.is === "not-handed") {
    const check = stopped?.is === "not-handed" ? stopped.check : undefined;
    const why = check === undefined ? "the device did not come back" : gave(check);
    return notKnown("TestFailed", `${driver}: the test could not be run: ${why}`, told(check));
  }
  if (handed.is === "refused") return judgeRefused(tested, handed);
  if (handed.is === "partly-taken") {
    const sentence = `${driver} accepted only ${handed.bytes} of ${source.bytes} bytes`;
    return notKnown("PartlyTaken", sentence, told(TAKEN));
  }
  return judgeTaken(tested);
}

const TAKEN: Check = { step: "write", errno: null };

function judgeRefused(
  tested: DriverTested,
  handed: Extract<Handed, { is: "refused" }>,
): TestResult {
  const { driver, test, source } = tested;
  const { check, bytes } = handed;
  const isControlled = test.controls === "made" || test.controls === "remembered";
  if (test.own?.is !== "taken" && (isControlled || mayBeTheHosts(check.errno))) {
    const sentence =
      `${driver} answered ${
        answer(check)
      } to the source's initial data, but the cause may be something else: ` +
      "the driver was not seen to accept its own device's data";
    return notKnown("RefusalUnclear", sentence, valuesOf(tested, check));
  }
  const sentence = `${driver} refused the source's initial data with ${answer(check)}, ` +
    `after ${bytes} of ${source.bytes} bytes`;
  const reasons: Reason[] = [{ code: "DriverRefused", sentence, ...valuesOf(tested, check) }];
  return { by: "driver", verdict: "incompatible", evidence: "driver-tested", reasons };
}

function judgeTaken(tested: DriverTested): TestResult {
  const { driver, test, source, declared } = tested;
  const { ownBytes } = test;
  const values = valuesOf(tested, TAKEN);
  if (source.phase === "stop-copy") {
    const sentence =
      `${driver} did not refuse the first ${source.bytes} bytes of the source's STOP_COPY data, which proves nothing`;
    return notKnown("NotRefused", sentence, values);
  }
  if (ownBytes === null || ownBytes === 0 || source.bytes < ownBytes) {
    const own = ownBytes === null
      ? "the size of its own initial data is unknown"
      : `its own initial data has ${ownBytes} bytes`;
    const sentence =
      `${driver} did not refuse the source's ${source.bytes} bytes, but ${own}: it may not have checked them`;
    return notKnown("InitialDataShort", sentence, values);
  }
  const taken = test.altered.find(({ handed }) =>
    handed.is === "taken" || handed.is === "partly-taken"
  );
  if (taken !== undefined) {
    const from = taken.fromByte === 0 ? "" : ` from byte ${taken.fromByte} on`;
    const sentence =
      `${driver} accepted the source's initial data, but also data with every byte altered${from}: it does not check the data`;
    return notKnown("DriverDoesNotLook", sentence, values);
  }
  const isSeen = test.controls === "remembered" ||
    (test.altered.length > 0 && test.altered.every(({ handed }) => handed.is === "refused"));
  if (!isSeen && declared?.compares === undefined) {
    const sentence =
      `${driver} accepted the source's initial data, but nothing shows that it checks the data: ${
        test.controls === "off" ? "controls are off" : "altered data could not be written to it"
      }, and no rule declares what it compares`;
    return notKnown("NotControlled", sentence, values);
  }
  const sentence = `${driver} accepted the source's ${source.bytes} bytes of initial data${
    isSeen ? " and refused altered data" : ""
  }; ${howFar(declared)}; an idle device has less data than a running one`;
  const reasons: Reason[] = [{ code: "DriverAccepted", sentence, ...values }];
  return { by: "driver", verdict: "compatible", evidence: "driver-tested", reasons };
}

const DEPTHS: Readonly<Record<TestDepth, string>> = {
  nothing: "it checks nothing before RESUMING ends",
  header: "the test goes as far as the header",
  setup: "the test goes as far as the setup",
  state: "the driver loaded the device state itself",
};

/** How far the test went, as declared by rules. */
function howFar(declared: DeclaredTest | null): string {
  if (declared === null) return "no rule declares how far this test goes";
  const { depth, compares } = declared;
  return `${DEPTHS[depth]}${compares === undefined ? "" : ` (${compares})`}`;
}

function valuesOf({ test: { ownBytes }, source }: DriverTested, check?: Check) {
  return {
    source: `${source.bytes} bytes`,
    host: ownBytes === null ? null : `${ownBytes} bytes`,
    ...(check === undefined ? {} : { check }),
  };
}

const answer = ({ errno }: Check) => errno ?? "the error state";
const gave = ({ step, errno }: Check) => errno === null ? step : `${step} failed with ${errno}`;

function notKnown(
  code: CodeOf<"tests", "warn">,
  sentence: string,
  rest: Omit<Reason, "code" | "sentence">,
): TestResult {
  const reasons = [{ code, sentence, ...rest }];
  return { by: "driver", verdict: "unknown", evidence: null, reasons };
}
