import { assertEquals, assertStringIncludes } from "@std/assert";
import { foundMachine } from "../../tests/fixtures/machine.ts";
import { mttyDevice } from "../../tests/fixtures/snapshot.ts";
import { makeTestApp, problemOf } from "../../tests/fixtures/test_app.ts";
import { Failure, type FoundMachine, readVirtualMachine } from "../documents/mod.ts";

/** An application whose host has these machines, and what was asked for. */
function appWith(...machines: FoundMachine[]) {
  const asked: (string | null)[] = [];
  const app = makeTestApp(undefined, {
    machines: (xmlOf) => {
      asked.push(xmlOf);
      return Promise.resolve({ machines, problems: [] });
    },
  });
  return { app, asked };
}

interface List {
  schema: string;
  snapshot: number;
  vms: { name: string; libvirt: unknown; devices: { id: string }[] }[];
}

Deno.test("GET /v1/vms lists the machines with their devices, without their XML", async () => {
  const { app, asked } = appWith(foundMachine());
  const { schema, snapshot, vms } = await app.get<List>("/v1/vms");
  assertEquals([schema, snapshot, asked], ["vfio-ask/vms/v1", 17, [null]]);
  assertEquals(vms.map(({ name, libvirt, devices }) => [name, libvirt, devices[0]!.id]), [
    ["g1", { version: "11.3.0" }, mttyDevice().id],
  ]);
});

Deno.test("GET /v1/vms/ID gives a machine with identities, by name or UUID", async () => {
  const { app, asked } = appWith(foundMachine(), foundMachine({ name: "g 2/ü", uuid: null }));
  const document = readVirtualMachine(await app.get(`/v1/vms/${foundMachine().uuid}`));
  assertEquals([document.name, document.libvirt?.xml], ["g1", "<domain/>"]);
  assertEquals(document.sources.map(({ id, vmm }) => [id, vmm?.enableMigration]), [
    [mttyDevice().id, "on"],
  ]);
  const other = await app.get<{ name: string }>(`/v1/vms/${encodeURIComponent("g 2/ü")}`);
  assertEquals(other.name, "g 2/ü");
  assertEquals(asked, [foundMachine().uuid, "g 2/ü"]);
});

Deno.test("GET /v1/vms/ID refuses a name that no machine or several have, and lists the names", async () => {
  const twin = foundMachine({ uuid: "c0ffee00-0000-4000-8000-000000000002" });
  const { app } = appWith(foundMachine(), twin);
  const none = await problemOf(await app.request("/v1/vms/nope"), 404, "vm-unknown");
  assertEquals([none.value, none.remedy], ["nope", "Use one of g1, g1."]);
  const several = await problemOf(await app.request("/v1/vms/g1"), 400, "bad-request");
  assertStringIncludes(several.remedy!, twin.uuid!);
  const gone = appWith(foundMachine({ devices: [] }));
  const { detail } = await problemOf(await gone.app.request("/v1/vms/g1"), 404, "vm-unknown");
  assertStringIncludes(detail, "g1 names no VFIO device");
});

Deno.test("GET /v1/vms says that the worker service cannot be reached", async () => {
  const app = makeTestApp(undefined, {
    machines: () => Promise.reject(new Failure("unavailable", "No answer", { subject: "w" })),
  });
  await problemOf(await app.request("/v1/vms"), 503, "worker-unavailable");
  await problemOf(await app.request("/v1/vms?x=1"), 400, "bad-request");
});
