import type { Landing } from "./landing.ts";
import { makeLevels, type Pool, type Problem } from "./problem.ts";
import { makePool, type Slot } from "./share.ts";

/** Rows in the order of the sources, and the landing of every edge, null where the row stays unplaced. */
export interface Named {
  problem: Problem;
  landings: readonly (Landing | null)[];
}

/**
 * Takes the names off. A leaf is a class of sources on a configuration, so that plans that differ only in which source
 * of a class goes where are one plan. `classes` tells the class of each row.
 */
export function makeProblem(
  rows: readonly (readonly Landing[])[],
  { classes, certain }: { classes: readonly number[]; certain: boolean },
): Named {
  const nodes = growForest();
  const sizes = Map.groupBy(classes, (same) => same);
  const edges = rows.flatMap((landings, row) => {
    const name = `class ${classes[row]}`;
    const size = sizes.get(classes[row]!)!.length;
    const ties = tiesOf(landings);
    const unplaced = {
      row,
      landing: null,
      tie: landings.length,
      leaf: nodes.add([name], size),
    };
    return [
      ...landings.map((landing, i) => ({
        row,
        landing,
        tie: ties[i]!,
        leaf: nodes.add([`${name} ${landing.text}`, ...landing.draw.nodes], size),
      })),
      unplaced,
    ];
  });
  const slots = listSlots(rows.flat(), nodes);
  const limits = new Map(
    [...slots].map(([root, all]) => [root, limitNodes(root, all, { nodes, certain })]),
  );
  const pools = [...limits].flatMap(([root, pool]) => pool === null ? [] : [{ root, pool }]);
  const { root, parent, upper } = nodes.freeze();
  const poolAt = new Map(pools.map((entry, at) => [entry.root, at]));
  const share = edges.map(({ landing, leaf }) => {
    const at = landing === null ? undefined : poolAt.get(root[leaf]!);
    if (at === undefined || !landing!.draw.slot) return { pool: -1, share: 0 };
    const { pool } = pools[at]!;
    const slot = pool.slots.find(({ node }) => node === nodes.slotOf(landing!))!;
    return { pool: at, share: Number(slot.weight * 2n ** 53n / pool.limit) / 2 ** 53 };
  });
  const levels = makeLevels(
    rows.length,
    Math.max(1, ...rows.flat().map(({ offer }) => offer.rank)),
  );
  const costOf = ({ landing }: { landing: Landing | null }) =>
    landing === null
      ? levels.unplaced
      : Number(landing.isUnknown) * levels.unknown + landing.evidence * levels.evidence +
        landing.offer.rank * levels.rank;
  const first = new Int32Array(rows.length + 1);
  rows.forEach((landings, row) => first[row + 1] = first[row]! + landings.length + 1);
  return {
    landings: edges.map(({ landing }) => landing),
    problem: {
      rows: rows.length,
      first,
      leaf: Int32Array.from(edges, ({ leaf }) => leaf),
      cost: Float64Array.from(edges, costOf),
      ...packTies(edges, rows.length),
      pool: Int32Array.from(share, ({ pool }) => pool),
      share: Float64Array.from(share, ({ share }) => share),
      parent,
      root,
      upper,
      pools: pools.map(({ pool }) => pool),
      levels,
    },
  };
}

/** The place of each landing among a source's, by name. */
function tiesOf(landings: readonly Landing[]): number[] {
  const order = landings.map(({ text }) => text).toSorted((a, b) => a < b ? -1 : 1);
  const place = new Map(order.map((text, at) => [text, at]));
  return landings.map(({ text }) => place.get(text)!);
}

/** Digits of a number with one place for each row, the first the greatest, cut where 2^53 ends. */
function packTies(edges: readonly { row: number; tie: number }[], rows: number) {
  const base = 2 * Math.max(...edges.map(({ tie }) => tie)) + 3;
  const places = Math.max(1, Math.floor(51 / Math.log2(base)));
  const tieWidth = Math.max(1, Math.ceil(rows / places));
  const tie = new Float64Array(edges.length * tieWidth);
  edges.forEach(({ row, tie: digit }, edge) => {
    const at = Math.floor(row / places);
    tie[edge * tieWidth + at] = digit * base ** (places - 1 - row % places);
  });
  return { tie, tieWidth };
}

/** What draws on each root, by the root. */
function listSlots(landings: readonly Landing[], nodes: Forest): Map<number, (Slot & OneKind)[]> {
  const slots = new Map<number, (Slot & OneKind)[]>();
  for (const landing of landings) {
    if (landing.draw.slot === null) continue;
    const node = nodes.slotOf(landing);
    const root = nodes.idOf(landing.draw.nodes.at(-1)!);
    const all = slots.get(root) ?? [];
    if (!all.some((slot) => slot.node === node)) all.push({ node, ...landing.draw.slot });
    slots.set(root, all);
  }
  return slots;
}

interface OneKind {
  oneKind: boolean;
}

/** Sets how many units a parent and its slots take; a pool where that does not say it all. */
function limitNodes(
  root: number,
  slots: readonly (Slot & OneKind)[],
  { nodes, certain }: { nodes: Forest; certain: boolean },
): Pool | null {
  const pool = makePool(slots, slots.some(({ oneKind }) => oneKind), certain);
  const most = pool.slots.map(({ node, weight }) => {
    const units = Number(pool.limit / weight);
    nodes.limit(node, units);
    return units;
  });
  nodes.limit(root, Math.max(...most));
  const isUniform = pool.slots.every(({ weight }) => weight === pool.slots[0]!.weight);
  const isOneKind = pool.oneKind && pool.slots.some(({ kind }) => kind !== pool.slots[0]!.kind);
  return isUniform && !isOneKind ? null : pool;
}

type Forest = ReturnType<typeof growForest>;

/** A forest under construction: nodes by name. */
function growForest() {
  const ids = new Map<string, number>();
  const parent: number[] = [];
  const upper: number[] = [];
  const idOf = (name: string) => ids.get(name)!;
  return {
    idOf,
    /** The node of what a landing takes of a parent, next to the root. */
    slotOf: ({ draw }: Landing) => idOf(draw.nodes.at(-2)!),
    /** Adds a chain from a leaf to its root; a leaf takes `size` units, what is above it one until it is limited. */
    add(chain: readonly string[], size: number): number {
      return chain.reduceRight((above, name, at) => {
        const known = ids.get(name);
        if (known !== undefined) return known;
        const id = parent.push(above) - 1;
        upper.push(at === 0 ? size : 1);
        ids.set(name, id);
        return id;
      }, -1);
    },
    limit: (node: number, units: number) => void (upper[node] = units),
    freeze() {
      const root = parent.map((_, node) => {
        while (parent[node] !== -1) node = parent[node]!;
        return node;
      });
      return {
        parent: Int32Array.from(parent),
        root: Int32Array.from(root),
        upper: Int32Array.from(upper),
      };
    },
  };
}
