import { assert, assertEquals, assertThrows } from "@std/assert";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { plantDevice, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { quietWorld } from "../../tests/fixtures/world.ts";
import { Answer, Failure, Identity } from "./mod.ts";
import { answer } from "../answers/answer.ts";
import { identify } from "./identify.ts";
import { noObservations } from "../state/observations.ts";
import { takeSnapshot } from "../view/take_snapshot.ts";

Deno.test("identify() returns a valid document with the values of the snapshot", () => {
  const snapshot = mttySnapshot();
  const device = mttyDevice();
  const identity = identify(snapshot, device.id);
  const document = JSON.parse(JSON.stringify(identity));
  assertEquals(Identity.parse(document), document);
  assertEquals(identity.host, snapshot.host);
  assertEquals([identity.type, identity.kind], [device.type, device.kind]);
  assertEquals([identity.migration, identity.driver], [device.migration, device.driver]);
});

Deno.test("identify() keeps unknown fields inside a device's fields", () => {
  const device = mttyDevice();
  const migration = { ...device.migration, later: [1] };
  const snapshot = mttySnapshot({ devices: [{ ...device, migration }] });
  const identity = identify(snapshot, device.id);
  assertEquals((identity.migration as Record<string, unknown>).later, [1]);
});

Deno.test("identify() of a missing device says how to list all devices", () => {
  const failure = assertThrows(() => identify(mttySnapshot(), "0000:41:00.1"), Failure);
  assertEquals([failure.code, failure.subject], ["not-found", "0000:41:00.1"]);
  assertEquals(failure.message, "Cannot find a VFIO device named 0000:41:00.1");
  assert(failure.remedy!.includes("vfio-ask devices"));
});

Deno.test("identify() of an unreadable device says why it cannot be read", async () => {
  using host = plantEmptyHost();
  const id = "0000:41:00.1";
  plantDevice(host, { bus: "pci", id, above: "pci0000:40", driver: "vfio-pci", vfioDev: "vfio0" });
  host.sys.directory(`devices/pci0000:40/${id}/modalias`);
  const snapshot = await takeSnapshot(quietWorld(host.roots), {
    observations: noObservations(null),
  });
  assertThrows(() => identify(snapshot, id), Failure, "kernel answered EISDIR");
});

Deno.test("answer() returns a valid document that names its snapshot", () => {
  const snapshot = mttySnapshot();
  const given = answer(snapshot, identify(snapshot, mttyDevice().id));
  const document = JSON.parse(JSON.stringify(given));
  assertEquals(Answer.parse(document), document);
  assertEquals([given.snapshot, given.takenAt], [snapshot.snapshot, snapshot.takenAt]);
  assert(given.offers.length > 0 && given.refusals.length > 0);
});
