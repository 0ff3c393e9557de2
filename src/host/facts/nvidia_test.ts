import { assertEquals } from "@std/assert";
import { plantEmptyHost } from "../../../tests/fixtures/planted_host.ts";
import { readTypeFacts } from "./read_facts.ts";
import { factsOf, PARENT_FACTS, PF, plantFunction, plantMdev } from "./testing.ts";

const HEADING = "ID    : vGPU Name";
const L40S = `${HEADING}\n1155  : NVIDIA L40S-12Q\n1156  : NVIDIA L40S-16Q`;

const GIVEN = {
  "nvidia/current_vgpu_type": "1155",
  "nvidia/creatable_vgpu_types": HEADING,
  "nvidia/vgpu_params": "frame_rate_limiter=0, enable_uvm=1",
};
const VGPU_PARAMS = ["enable_uvm=1", "frame_rate_limiter=0"];

Deno.test("TYPE_NAME of a vGPU function comes from a sibling that can still be given its type", () => {
  using host = plantEmptyHost();
  host.sys.attribute("module/nvidia/version", "550.90.05");
  const planted = plantFunction(host, { driver: "nvidia", attributes: GIVEN });
  host.sys.attribute(`${PF}/virtfn1/nvidia/creatable_vgpu_types`, L40S);
  const facts = { hostDriver: "550.90.05", vgpuParams: VGPU_PARAMS };
  assertEquals(factsOf(host, planted), {
    ...PARENT_FACTS,
    ...facts,
    typeName: "NVIDIA L40S-12Q",
  });
});

Deno.test("TYPE_NAME of a vGPU function on a full GPU is unknown", () => {
  using host = plantEmptyHost();
  const planted = plantFunction(host, { driver: "nvidia", attributes: GIVEN });
  host.sys.attribute(`${PF}/virtfn1/nvidia/creatable_vgpu_types`, HEADING);
  const facts = { hostDriver: null, vgpuParams: VGPU_PARAMS, typeName: null };
  assertEquals(factsOf(host, planted), { ...PARENT_FACTS, ...facts });
});

const IDLE = {
  "nvidia/current_vgpu_type": "0",
  "nvidia/creatable_vgpu_types": L40S,
  "nvidia/vgpu_params": " ",
};

Deno.test("NVIDIA_VGPU of a function without a vGPU has an empty set and no type name", () => {
  using host = plantEmptyHost();
  const planted = plantFunction(host, { driver: "nvidia", attributes: IDLE });
  assertEquals(factsOf(host, planted), { ...PARENT_FACTS, hostDriver: null, vgpuParams: [] });
});

Deno.test("readTypeFacts() of a vGPU type has its name, the manager and the GPU's ids", () => {
  using host = plantEmptyHost();
  host.sys.attribute("module/nvidia/version", "550.90.05");
  const { device } = plantFunction(host, { driver: "nvidia", attributes: IDLE });
  const type = { ...device.vgpu!.creatable[1]!, function: device };
  assertEquals(readTypeFacts(host.roots, type), {
    ...PARENT_FACTS,
    typeName: "NVIDIA L40S-16Q",
    hostDriver: "550.90.05",
  });
});

Deno.test("readDeviceFacts() reads a vGPU that is an mdev", () => {
  using host = plantEmptyHost();
  host.sys.attribute("module/nvidia/version", "535.161.05");
  const parent = "devices/pci0000:3a/0000:3b:00.0";
  host.sys.attribute(`${parent}/vendor`, "0x10de");
  host.sys.attribute(`${parent}/device`, "0x1eb8");
  host.sys.attribute(`${parent}/revision`, "0xa1");
  const planted = plantMdev(host, {
    above: "pci0000:3a/0000:3b:00.0",
    type: "nvidia-233",
    name: "GRID T4-4Q",
    driver: "nvidia-vgpu-vfio",
    attributes: { "nvidia/vgpu_params": "" },
  });
  assertEquals(factsOf(host, planted), {
    typeName: "GRID T4-4Q",
    parentDevice: "10de:1eb8",
    parentRevision: "a1",
    parentSubsystem: null,
    hostDriver: "535.161.05",
    vgpuParams: [],
  });
});
