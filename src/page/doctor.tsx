import type { Problem } from "../documents/mod.ts";
import type { Finding } from "../judge/doctor/mod.ts";
import type { HostNow } from "./host_now.ts";
import { Copyable, plural, State, type Tone } from "./parts.tsx";

/** Equal findings of several devices. */
interface Group {
  finding: Finding;
  subjects: string[];
  remedies: string[];
}

const LEVELS: Readonly<Record<Finding["level"], { tone: Tone; words: string; order: number }>> = {
  blocks: { tone: "no", words: "prevents migration", order: 0 },
  unknown: { tone: "unknown", words: "unknown", order: 1 },
  limits: { tone: "warn", words: "limits migration", order: 2 },
  note: { tone: "note", words: "note", order: 3 },
};

/** The doctor's findings with their remedies, and the problems met while looking. */
export function Doctor({ now: { diagnoses, snapshot } }: { now: HostNow }) {
  const findings = [
    ...diagnoses.findings,
    ...diagnoses.devices.flatMap(({ findings }) => findings),
  ];
  const groups = groupFindings(findings);
  const { problems } = diagnoses;
  return (
    <>
      <h2 id="doctor-title">Doctor</h2>
      {groups.length + problems.length === 0
        ? (
          <p class="empty">
            <b>Nothing to fix.</b> {snapshot.devices.length === 0
              ? "There is no device to examine."
              : "All devices can migrate."}
          </p>
        )
        : (
          <ul class="findings">
            {problems.map((problem) => <ProblemRow problem={problem} />)}
            {groups.map((group) => <FindingRow group={group} />)}
          </ul>
        )}
    </>
  );
}

/** Findings with the same code and sentence, the worst first. */
function groupFindings(findings: readonly Finding[]): Group[] {
  const groups = Map.groupBy(
    findings,
    ({ level, code, sentence }) => `${level} ${code} ${sentence}`,
  );
  return [...groups.values()].map((all) => ({
    finding: all[0]!,
    subjects: all.map(({ subject }) => subject),
    remedies: [...new Set(all.flatMap(({ remedy }) => remedy ?? []))],
  })).sort((a, b) => LEVELS[a.finding.level].order - LEVELS[b.finding.level].order);
}

/** The most names and remedies that a finding lists. */
const MOST_LISTED = 100;
const FIRST = 2;

function FindingRow({ group: { finding, subjects, remedies } }: { group: Group }) {
  const { level, code, sentence, check, sysfs } = finding;
  const { tone, words } = LEVELS[level];
  const isHost = subjects[0] === "host";
  const id = `finding-${code}-${subjects[0]}`;
  return (
    <li class="finding">
      <p class="head">
        <State tone={tone}>{words}</State> <code class="code">{code}</code>{" "}
        <span class="quiet">{isHost ? "this host" : plural(subjects.length, "device")}</span>
      </p>
      <p>{sentence}</p>
      {check?.errno == null && sysfs === null ? null : (
        <p class="quiet mono small">
          {check?.errno == null ? "" : `${check.step}: ${check.errno} `}
          {sysfs === null ? "" : `${sysfs.path}${sysfs.value === null ? "" : ` = ${sysfs.value}`}`}
        </p>
      )}
      {remedies.slice(0, FIRST).map((remedy) => <Remedy text={remedy} />)}
      {remedies.length <= FIRST ? null : (
        <details id={`${id}-remedies`}>
          <summary>
            {plural(remedies.length - FIRST, "more remedy").replace("remedys", "remedies")}
          </summary>
          {remedies.slice(FIRST, MOST_LISTED).map((remedy) => <Remedy text={remedy} />)}
        </details>
      )}
      {isHost ? null : <Subjects id={id} subjects={subjects} />}
    </li>
  );
}

/** The devices of a finding, which link to their details. A reader opens a long list. */
function Subjects({ id, subjects }: { id: string; subjects: readonly string[] }) {
  const names = (
    <ul class="names mono">
      {subjects.slice(0, MOST_LISTED).map((subject) => (
        <li>
          <a href={`/?device=${encodeURIComponent(subject)}#device`}>{subject}</a>
        </li>
      ))}
      {subjects.length > MOST_LISTED
        ? <li class="quiet">and {subjects.length - MOST_LISTED} more</li>
        : null}
    </ul>
  );
  if (subjects.length <= FIRST) return names;
  return (
    <details id={id}>
      <summary>{plural(subjects.length, "device")}</summary>
      {names}
    </details>
  );
}

function ProblemRow({ problem: { code, subject, sentence, remedy } }: { problem: Problem }) {
  return (
    <li class="finding">
      <p class="head">
        <State tone="warn">problem</State> <code class="code">{code}</code>{" "}
        <span class="quiet mono">{subject}</span>
      </p>
      <p>{sentence}</p>
      {remedy === null ? null : <Remedy text={remedy} />}
    </li>
  );
}

export function Remedy({ text }: { text: string }) {
  return (
    <p class="remedy">
      <Copyable text={text} of="the remedy" />
    </p>
  );
}
