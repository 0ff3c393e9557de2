import type { Child } from "hono/jsx";
import type { HostNow } from "./host_now.ts";
import { plural, State, type Tone } from "./parts.tsx";

/** The host at a glance. */
export function Overview({ now }: { now: HostNow }) {
  const { snapshot, diagnoses, answers, rules, version } = now;
  const { devices, types, host } = snapshot;
  const uses = devices.map(({ use, trouble }) => trouble ? "trouble" : use.state);
  const cans = devices.map(({ id }) => answers.get(id) ?? "unknown");
  const parents = new Set(types.map(({ parent }) => parent));
  const open = types.filter(({ availableInstances }) => (availableInstances ?? 0) > 0);
  const withRoom = new Set(open.map(({ parent }) => parent));
  const inForce = rules.files.filter(({ state }) => state === "in-force");
  const refused = rules.files.filter(({ state }) => state === "refused").length;
  const blocked = diagnoses.devices.filter(({ canMigrate }) => canMigrate === "no").length;
  const problems = diagnoses.problems.length;
  return (
    <>
      <dl class="facts">
        <Fact name="Kernel">{host.kernel}</Fact>
        <Fact name="QEMU">{factOf(host.facts?.qemu)}</Fact>
        <Fact name="libvirt">{factOf(host.facts?.libvirt)}</Fact>
        <Fact name="IOMMU">{factOf(host.facts?.iommu)}</Fact>
        <Fact name="vfio-ask">{version}</Fact>
        <Fact name="Snapshot">
          <span id="snapshot">{snapshot.snapshot}</span>, <Time at={snapshot.takenAt} />
        </Fact>
      </dl>
      <ul class="tiles">
        <Tile number={devices.length} name="Devices" href="/#devices">
          <Part tone="idle" number={count(uses, "idle")} words="idle" />
          <Part tone="used" number={count(uses, "in-use")} words="in use" />
          <Part tone="unknown" number={count(uses, "unknown")} words="unknown" optional />
          <Part tone="warn" number={count(uses, "trouble")} words="in trouble" optional />
        </Tile>
        <Tile number={count(cans, "yes")} name="Can migrate" href="/?can=yes#devices">
          <Part tone="no" number={count(cans, "no")} words="cannot" />
          <Part tone="unknown" number={count(cans, "unknown")} words="unknown" />
        </Tile>
        <Tile number={open.length} name="Types with room" href="/#parents">
          <span class="part">
            of {types.length}, on {withRoom.size} of {plural(parents.size, "parent")}
          </span>
        </Tile>
        <Tile number={blocked} name="Devices to fix" href="/#doctor">
          <Part tone="note" number={diagnoses.findings.length} words="on the host" />
          <Part tone="warn" number={problems} words={problems === 1 ? "problem" : "problems"} />
        </Tile>
        <Tile
          number={inForce.reduce((sum, { rules }) => sum + rules, 0)}
          name="Rules in force"
          href="/#rules"
        >
          <span class="part">in {plural(inForce.length, "file")}</span>
          <Part tone="no" number={refused} words="refused" optional />
        </Tile>
      </ul>
    </>
  );
}

function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function factOf(value: unknown): string {
  return typeof value === "string" && value !== "" ? value : "unknown";
}

/** A time in UTC. The script shows it in the reader's time zone on hover. */
function Time({ at }: { at: string }) {
  const words = at.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
  return <time datetime={at}>{words}</time>;
}

function Tile({ number, name, href, children }: {
  number: number;
  name: string;
  href: string;
  children?: Child;
}) {
  return (
    <li>
      <a href={href} class="tile">
        <span class="quiet">{name}</span> <b>{number.toLocaleString("en")}</b>{" "}
        <span class="of">{children}</span>
      </a>
    </li>
  );
}

function Part({ tone, number, words, optional = false }: {
  tone: Tone;
  number: number;
  words: string;
  optional?: boolean;
}) {
  if (optional && number === 0) return null;
  return (
    <span class="part">
      <State tone={number === 0 ? "note" : tone}>{number.toLocaleString("en")} {words}</State>
      {" "}
    </span>
  );
}

function count(words: readonly string[], word: string): number {
  return words.filter((one) => one === word).length;
}
