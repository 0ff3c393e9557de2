import { availabilityWords, configurationWords } from "../answers/mod.ts";
import type { Need, Offer, Reason, Refusal } from "../documents/mod.ts";
import { Copyable, State, type Tone } from "./parts.tsx";

/** An offer: what it is, why it is believed, what it needs, and whether it is free. */
export function OfferItem({ offer }: { offer: Offer }) {
  const { rank, configuration, verdict, availability, create, warnings } = offer;
  const isOpen = ({ code }: Reason) =>
    code !== "SameType" && !offer.needs.some((need) => need.code === code);
  const questions = verdict === "unknown" ? offer.reasons.filter(isOpen) : [];
  return (
    <li class={`offer ${verdict}`}>
      <span class="rank" aria-label={`Rank ${rank}`}>{rank}</span>
      <div class="body">
        <p class="head">
          <b class="what">{configurationWords(configuration)}</b>{" "}
          <State tone={verdict === "compatible" ? "ok" : "unknown"}>{verdict}</State>{" "}
          <State tone={availability.now ? "idle" : "used"}>{availabilityWords(availability)}</State>
          {" "}
          <span class="quiet">{evidenceWords(offer)}</span>
        </p>
        {create?.command === undefined ? null : (
          <p class="remedy">
            <Copyable text={create.command} of="the command" />
          </p>
        )}
        <Reasons title="Reasons" reasons={questions} />
        <Needs needs={offer.needs} />
        <Reasons title="Warnings" reasons={warnings} />
      </div>
    </li>
  );
}

/** A refusal with all its reasons, and how many configurations it represents. */
export function RefusalItem({ refusal }: { refusal: Refusal }) {
  const { configuration, others = [], count = 1, reasons } = refusal;
  const names = others.flatMap(({ type, ids, parents = [] }) =>
    ids ?? parents.map((parent) => `${type} on ${parent}`)
  );
  return (
    <li class="refusal">
      <p class="head">
        <b class="what">{configurationWords(configuration)}</b>{" "}
        {count === 1 ? null : <span class="quiet">and {count - 1} more</span>}
      </p>
      <ul class="reasons">
        {reasons.map((reason) => <ReasonItem reason={reason} />)}
      </ul>
      {names.length === 0 ? null : (
        <details>
          <summary>Other names</summary>
          <p class="names mono">
            {names.join(", ")}
            {names.length < count - 1 ? " …" : ""}
          </p>
        </details>
      )}
    </li>
  );
}

function evidenceWords({ evidence, rule }: Offer): string {
  if (evidence === null) return "no evidence";
  const words = evidence.replace("-", " ");
  return evidence === "vendor-rule" && rule !== null ? `${words} (${rule.file})` : words;
}

/** The title and reasons; nothing if there are none. */
export function Reasons({ title, reasons }: { title: string; reasons: readonly Reason[] }) {
  if (reasons.length === 0) return null;
  return (
    <div class="group">
      <h4>{title}</h4>
      <ul class="reasons">
        {reasons.map((reason) => <ReasonItem reason={reason} />)}
      </ul>
    </div>
  );
}

function ReasonItem({ reason: { code, sentence, source, host, check } }: { reason: Reason }) {
  const values = [
    ...(source === null ? [] : [`source ${source}`]),
    ...(host === null ? [] : [`host ${host}`]),
    ...(check?.errno == null ? [] : [`${check.step} ${check.errno}`]),
  ].join(" · ");
  return (
    <li>
      {sentence} <code class="code">{code}</code>
      {values === "" ? null : <small class="mono values">{values}</small>}
    </li>
  );
}

const NEEDS: Readonly<Record<Need["state"], { tone: Tone; words: string; order: number }>> = {
  unmet: { tone: "no", words: "unmet", order: 0 },
  unknown: { tone: "unknown", words: "unknown", order: 1 },
  open: { tone: "warn", words: "to set", order: 2 },
  met: { tone: "ok", words: "met", order: 3 },
};

/** What QEMU needs on either side. What is met stays closed. */
function Needs({ needs }: { needs: readonly Need[] }) {
  if (needs.length === 0) return null;
  const sorted = needs.toSorted((a, b) => NEEDS[a.state].order - NEEDS[b.state].order);
  const [met, rest] = [
    sorted.filter(({ state }) => state === "met"),
    sorted.filter(({ state }) => state !== "met"),
  ];
  return (
    <div class="group">
      {rest.length === 0 ? null : (
        <>
          <h4>Needs of QEMU</h4>
          <ul class="reasons">{rest.map((need) => <NeedItem need={need} />)}</ul>
        </>
      )}
      {met.length === 0 ? null : (
        <details>
          <summary>{met.length === 1 ? "1 need is met" : `${met.length} needs are met`}</summary>
          <ul class="reasons">{met.map((need) => <NeedItem need={need} />)}</ul>
        </details>
      )}
    </div>
  );
}

function NeedItem({ need: { state, side, sentence, code, option } }: { need: Need }) {
  const { tone, words } = NEEDS[state];
  return (
    <li>
      <State tone={tone}>{words}</State> <span>{sentence}</span> <code class="code">{code}</code>
      {" "}
      <small>{side === "source" ? "source" : "this host"}</small>
      {option === null || state === "met" ? null : (
        <p class="remedy">
          <Copyable text={option.qemu} of="the option of QEMU" />
          {option.libvirt === null ? null : (
            <>
              {" "}
              <Copyable text={option.libvirt} of="the setting of libvirt" />
            </>
          )}
        </p>
      )}
    </li>
  );
}
