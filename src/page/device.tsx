import type { Child } from "hono/jsx";
import { driverWords, trackingWords } from "../answers/mod.ts";
import type { Device } from "../documents/mod.ts";
import type { HostNow } from "./host_now.ts";
import { CAN_WORDS, capabilityWords, holderWords, useTone } from "./device_row.tsx";
import { Remedy } from "./doctor.tsx";
import { Copyable, State } from "./parts.tsx";

/** The details of one device: everything that the snapshot has of it, and the doctor's findings. */
export function DeviceDetails({ now, id }: { now: HostNow; id: string }) {
  const device = now.devices.get(id);
  const diagnosis = now.diagnoses.devices.find((one) => one.id === id);
  return (
    <article class="details" aria-labelledby="device-title">
      <h2 id="device-title" class="mono" tabindex={-1}>{id}</h2>
      {device === undefined && diagnosis === undefined
        ? <p class="empty">This host has no VFIO device of this name.</p>
        : null}
      {device === undefined ? null : <Facts device={device} now={now} />}
      {diagnosis === undefined || diagnosis.findings.length === 0 ? null : (
        <>
          <h3>Findings</h3>
          <ul class="findings plain">
            {diagnosis.findings.map(({ code, sentence, remedy }) => (
              <li class="finding">
                <p class="head">
                  <code class="code">{code}</code>
                </p>
                <p>{sentence}</p>
                {remedy === null ? null : <Remedy text={remedy} />}
              </li>
            ))}
          </ul>
        </>
      )}
    </article>
  );
}

function Facts({ device, now }: { device: Device; now: HostNow }) {
  const { id, migration, use, pci, iommuGroup, nodes, facts, trouble } = device;
  const { tone, words } = CAN_WORDS[now.answers.get(id) ?? "unknown"];
  const path = `/v1/devices/${encodeURIComponent(id)}/identity`;
  return (
    <>
      <p class="quiet">{device.description}</p>
      <p class="actions">
        <a class="button primary" href={`/?source=${encodeURIComponent(id)}#ask`}>
          Ask with this device
        </a>{" "}
        <a class="button" href={path} download={`${id}.json`}>Save its identity</a>
      </p>
      <dl class="list">
        {trouble
          ? (
            <Fact name="Trouble">
              <State tone="warn">{trouble.sentence}</State>
            </Fact>
          )
          : null}
        <Fact name="Use">
          <State tone={useTone(use)}>{use.state.replace("in-use", "in use")}</State>
          {use.holder === null ? "" : ` ${holderWords(use)}, ${use.holder.node}`}
        </Fact>
        <Fact name="Migration">
          <State tone={tone}>{words}</State>
        </Fact>
        <Fact name="Capabilities">
          {capabilityWords(migration)}
          {migration.inferredFrom == null ? "" : ` from ${migration.inferredFrom}`}
        </Fact>
        <Fact name="Dirty pages">{trackingWords(migration)}</Fact>
        <Fact name="State arcs">{migration.arcs.map((arc) => arc.join(" → ")).join(", ")}</Fact>
        <Fact name="Stop-copy data">
          {migration.stopCopyBytes === null ? "" : `${migration.stopCopyBytes} bytes`}
        </Fact>
        <Fact name="Kernel checks">
          {(migration.checks ?? []).map(({ step, errno }) => `${step}: ${errno ?? "ok"}`).join(
            ", ",
          )}
        </Fact>
        <Fact name="Type">{device.type}</Fact>
        <Fact name="Parent">{device.parent ?? ""}</Fact>
        <Fact name="Driver">{driverWords(device)}</Fact>
        <Fact name="Parent's driver">
          {device.parentDriver === null ? "" : driverWords({ driver: device.parentDriver })}
        </Fact>
        <Fact name="PCI">
          {pci === null
            ? ""
            : `${pci.vendor}:${pci.device} revision ${pci.revision}, subsystem ${pci.subsystem}, ${pci.function} function`}
        </Fact>
        <Fact name="NUMA node">{device.numaNode === null ? "" : String(device.numaNode)}</Fact>
        <Fact name="IOMMU group">
          {iommuGroup === null
            ? ""
            : [iommuGroup.id, iommuGroup.name, iommuGroup.type].filter(Boolean).join(", ")}
        </Fact>
        <Fact name="Nodes">{[nodes.cdev, nodes.group].filter(Boolean).join(", ")}</Fact>
        {Object.entries(facts).map(([name, value]) => (
          <Fact name={name}>
            {value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)}
          </Fact>
        ))}
        <Fact name="sysfs">
          <Copyable text={device.sysfs} of="the path in sysfs" />
        </Fact>
      </dl>
    </>
  );
}

/** A name and a value. Nothing for an empty text: the host does not know it. */
function Fact({ name, children }: { name: string; children?: Child }) {
  if (children === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
