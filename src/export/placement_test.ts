import { assert, assertEquals, assertMatch } from "@std/assert";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { placementOf } from "./placement.ts";

Deno.test("placementOf() has a provider for each parent, with an inventory for each type", async () => {
  const { providers, resourceClasses, traits } = await placementOf(mttySnapshot());
  const inventory = (total: number) => ({
    ...{ total, reserved: 0, min_unit: 1, max_unit: total, step_size: 1, allocation_ratio: 1 },
  });
  assertEquals(resourceClasses, ["CUSTOM_VFIO_MTTY_1", "CUSTOM_VFIO_MTTY_2"]);
  assertEquals(providers.length, 1);
  const [{ name, uuid, inventories, traits: own, types, notCounted }] = providers as [
    typeof providers[0],
  ];
  assertEquals(name, "hv-18_mtty");
  assertMatch(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assertEquals(inventories, {
    resource_provider_generation: 0,
    inventories: { CUSTOM_VFIO_MTTY_1: inventory(9), CUSTOM_VFIO_MTTY_2: inventory(10) },
  });
  assertEquals(own.traits, traits);
  assert(traits.includes("CUSTOM_VFIO_MIGRATION_V2") && traits.includes("CUSTOM_VFIO_DRIVER_MTTY"));
  assertEquals(types.map(({ type, total, free }) => [type, total, free]), [
    ["mtty-1", 9, 9],
    ["mtty-2", 10, 10],
  ]);
  assertEquals(notCounted, []);
});

Deno.test("placementOf() names the same provider by the same UUID, and others by others", async () => {
  const uuidOf = async (host: string, parent: string) => {
    const { host: facts } = mttySnapshot();
    const snapshot = mttySnapshot({
      host: { ...facts, name: host },
      devices: [mttyDevice({ parent })],
      types: [],
    });
    return (await placementOf(snapshot)).providers[0]!.uuid;
  };
  const uuids = [await uuidOf("a", "p"), await uuidOf("a", "q"), await uuidOf("b", "p")];
  assertEquals(new Set(uuids).size, 3);
  assertEquals(await uuidOf("a", "p"), uuids[0]);
});

Deno.test("placementOf() has a device in use, but none that is in trouble or that nobody has asked", async () => {
  const migration = { ...mttyDevice().migration, uapi: "unknown" } as const;
  const trouble = { code: "needs-reset", sentence: "" } as const;
  const devices = [
    mttyDevice({ id: "a", use: { state: "in-use", holder: null } }),
    mttyDevice({ id: "b", trouble }),
    mttyDevice({ id: "c", type: "mtty-1", migration }),
  ];
  const { providers: [provider] } = await placementOf(mttySnapshot({ devices, types: [] }));
  assertEquals(Object.keys(provider!.inventories.inventories), ["CUSTOM_VFIO_MTTY_2"]);
  assertEquals(provider!.types.map(({ total, free }) => [total, free]), [[1, 0]]);
  assertEquals(provider!.notCounted, [
    { type: "mtty-1", why: "unknown", count: 1 },
    { type: "mtty-2", why: "unusable", count: 1 },
  ]);
});

Deno.test("placementOf() gives a provider only the traits that hold for all its types", async () => {
  const migration = { ...mttyType().migration, features: ["stop-copy" as const] };
  const types = [mttyType(), mttyType({ type: "mtty-1", migration })];
  const { traits } = await placementOf(mttySnapshot({ devices: [], types }));
  assertEquals(traits.includes("CUSTOM_VFIO_MIGRATION_P2P"), false);
  assertEquals(traits.includes("CUSTOM_VFIO_MIGRATION_STOP_COPY"), true);
});
