import type { RulesFileState } from "../config/mod.ts";
import type { HostNow } from "./host_now.ts";
import { State, type Tone } from "./parts.tsx";

const STATES: Readonly<Record<RulesFileState["state"], { tone: Tone; words: string }>> = {
  "in-force": { tone: "ok", words: "in force" },
  masked: { tone: "note", words: "masked by a file of the same name" },
  masks: { tone: "note", words: "empty, masks its name" },
  refused: { tone: "no", words: "refused" },
};

/** The rules files in the order in which they apply, and their states. */
export function Rules({ now: { rules: { files } } }: { now: HostNow }) {
  return (
    <>
      <h2 id="rules-title">Rules</h2>
      {files.length === 0
        ? <p class="empty">No rules.</p>
        : (
          <table role="table" class="rules" aria-labelledby="rules-title">
            <thead role="rowgroup">
              <tr role="row">
                {["File", "State", "Rules", "Vendor", "From"].map((name) => (
                  <th role="columnheader" scope="col">{name}</th>
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {files.map((file) => <FileRow file={file} />)}
            </tbody>
          </table>
        )}
    </>
  );
}

function FileRow({ file: { name, path, state, vendor, rules, errors } }: { file: RulesFileState }) {
  const { tone, words } = STATES[state];
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class="mono">{name || "–"}</th>
      <td role="cell">
        <State tone={tone}>{words}</State>
        {errors.map(({ path: at, reason }) => (
          <>
            {" "}
            <small>{at || "whole file"}: {reason}</small>
          </>
        ))}
      </td>
      <td role="cell" class="number">{rules}</td>
      <td role="cell">{vendor ?? "–"}</td>
      <td role="cell" class="mono quiet">{path}</td>
    </tr>
  );
}
