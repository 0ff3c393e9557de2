import type { Configuration, Sharing, Snapshot } from "../../documents/mod.ts";
import { matchType } from "../rules/mod.ts";
import { indexHost } from "./host_index.ts";

/** How the types of a parent share it: as the first matching rules file declares for its driver, or `shared`. */
export function sharingOf(snapshot: Snapshot): (type: Configuration) => Sharing {
  const index = indexHost(snapshot);
  const said = snapshot.rules.flatMap(({ document }) => document.parents ?? []);
  return ({ type, parent }) => {
    const found = (index.byParent.get(parent ?? "") ?? []).find((other) => other.type === type);
    const drivers = [found?.driver?.name, found?.parentDriver?.name];
    return said.find(({ driver }) =>
      [driver].flat().some((pattern) =>
        drivers.some((name) => name !== undefined && matchType(pattern, name) !== null)
      )
    )?.sharing ?? "shared";
  };
}
