import type { NeedOption } from "../../documents/mod.ts";
import type { QemuSettings } from "./qemu_outcome.ts";

/** The `vfio-pci` properties for settings, in the order of output. */
const PROPERTIES: readonly (readonly [keyof QemuSettings, string])[] = [
  ["enableMigration", "enable-migration"],
  ["deviceDirtyPageTracking", "x-device-dirty-page-tracking"],
];

/** Settings in a sentence: `the iommufd backend and enable-migration=on`. */
export function settingWords(settings: Partial<QemuSettings>): string {
  return [
    ...(settings.backend === "iommufd" ? ["the iommufd backend"] : []),
    ...propertiesOf(settings).map(([name, value]) => `${name}=${value}`),
  ].join(" and ");
}

/**
 * The options for settings, for QEMU and for libvirt.
 *
 * Source, libvirt: `<qemu:override>` since 8.2.0, docs/drvqemu.rst; its device elements have no attribute for either
 * property (11.3.0). `<driver iommufd='yes'/>` of `<hostdev>` since 12.1.0, docs/formatdomain.rst; `<iommufd>` for all
 * host devices since 12.2.0, NEWS.
 */
export function optionOf(settings: Partial<QemuSettings>): NeedOption {
  const properties = propertiesOf(settings);
  const isIommufd = settings.backend === "iommufd";
  const device = [
    "-device vfio-pci",
    ...(isIommufd ? ["iommufd=ID"] : []),
    ...properties.map(([name, value]) => `${name}=${value}`),
  ].join(",");
  return {
    qemu: `${isIommufd ? "-object iommufd,id=ID " : ""}${device}`,
    libvirt: [
      ...(isIommufd ? ["<driver iommufd='yes'/>"] : []),
      ...(properties.length === 0 ? [] : [override(properties)]),
    ].join(" "),
  };
}

/** The properties of the first host device, as libvirt passes them on. */
function override(properties: readonly (readonly [string, string])[]): string {
  const elements = properties.map(([name, value]) =>
    `<qemu:property name='${name}' type='string' value='${value}'/>`
  );
  return `<qemu:override><qemu:device alias='hostdev0'><qemu:frontend>${
    elements.join("")
  }</qemu:frontend></qemu:device></qemu:override>`;
}

function propertiesOf(settings: Partial<QemuSettings>): (readonly [string, string])[] {
  return PROPERTIES.flatMap(([key, name]) => {
    const value = settings[key];
    return value === undefined ? [] : [[name, value] as const];
  });
}
