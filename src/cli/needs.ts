import { type Answer, escaped, type Need, type Offer } from "../documents/mod.ts";

/** Texts about offers, each once, with the ranks of its offers: `need (1, 3)  …`. */
export function rankedLines(
  word: string,
  offers: readonly Offer[],
  textsOf: (offer: Offer) => string[],
): string[] {
  const texts = offers.flatMap((offer) =>
    textsOf(offer).map((text) => ({ text, rank: offer.rank }))
  );
  return [...Map.groupBy(texts, ({ text }) => text)].map(([text, of]) => {
    const ranks = of.length === offers.length ? "all" : of.map(({ rank }) => rank).join(", ");
    return `${word} (${ranks})  ${escaped(text)}\n`;
  });
}

/** A need in one line: `open  MigrationOff: …`. */
export function needText({ state, code, sentence }: Need): string {
  return `${state}  ${code}: ${sentence}`;
}

/** A need in sentences, with the QEMU and libvirt settings for it. */
export function needSentences({ code, side, state, sentence, option, check }: Need): string[] {
  const facts = [
    code,
    `${side}: ${state}`,
    ...(check?.errno == null ? [] : [`kernel: ${check.step} ${check.errno}`]),
  ];
  return [
    `${sentence.replace(/\.$/, "")}. [${facts.join("; ")}]`,
    ...(option === null ? [] : [`   QEMU: ${option.qemu}`]),
    ...(option?.libvirt == null ? [] : [`   libvirt: ${option.libvirt}`]),
  ];
}

/** What QEMU also refuses but this program cannot check, in one line. */
export function notSeenLine({ notSeen }: Pick<Answer, "notSeen">): string {
  return `not checked, but refused by QEMU: ${notSeen.map(({ sentence }) => sentence).join(", ")}`;
}

/** Whether a reason is already printed as a need. */
export function isNeed({ needs }: Pick<Offer, "needs">, code: string): boolean {
  return needs.some((need) => need.code === code);
}
