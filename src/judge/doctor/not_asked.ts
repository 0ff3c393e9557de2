import type { FindingCode } from "../../documents/mod.ts";
import type { DeviceExamination } from "./examination.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/** A reason why it is unknown whether a device can migrate. */
interface Reason {
  code: FindingCode<"unknown">;
  holds: (examination: DeviceExamination) => boolean;
  /** The text after the driver's name. */
  sentence: (examination: DeviceExamination) => string;
  remedy: string;
}

const outcome = (name: string) => ({ asked }: DeviceExamination) => asked?.outcome === name;
const whatItSaid = ({ asked }: DeviceExamination) => asked?.sentence ?? "it could not be asked";

/** The reasons. The first that holds is reported. */
const REASONS: readonly Reason[] = [
  {
    code: "InUse",
    holds: ({ device }) => device.use.state === "in-use",
    sentence: () => "it is in use, and no idle device of its kind has been asked",
    remedy: "Create an idle device of the same type, or ask again when this one is idle.",
  },
  {
    code: "Settling",
    holds: ({ settling }) => settling,
    sentence: () => "it is too new to be asked, and no device of its kind has been asked",
    remedy: "Ask again in a few seconds, or use --settle 0.",
  },
  {
    code: "NotPermitted",
    holds: outcome("not-permitted"),
    sentence: whatItSaid,
    remedy: "Run vfio-ask as root.",
  },
  {
    code: "Stuck",
    holds: outcome("stuck"),
    sentence: whatItSaid,
    remedy: "Check dmesg for a hung task, and update or reload the driver.",
  },
  {
    code: "OpenRefused",
    holds: ({ asked }) => asked !== null && asked.outcome !== "answered",
    sentence: whatItSaid,
    remedy: "Check dmesg for device errors.",
  },
  {
    code: "HoldersUnknown",
    holds: ({ device }) => device.use.state === "unknown",
    sentence: () => "it was not asked, because /proc does not show whether it is in use",
    remedy: "Run vfio-ask as root, where it can see all processes of the host.",
  },
  {
    code: "NoNode",
    holds: ({ device: { nodes } }) => nodes.cdev === null && nodes.group === null,
    sentence: () => "it has no device node in /dev/vfio, so it cannot be asked",
    remedy: "Run modprobe vfio_iommu_type1, or modprobe iommufd.",
  },
  {
    code: "NotAsked",
    holds: ({ mayAsk }) => !mayAsk,
    sentence: () => "no device of its kind has been asked, because of --probe never",
    remedy: "Run vfio-ask doctor without --probe never.",
  },
  {
    code: "NotAsked",
    holds: () => true,
    sentence: () => "no device of its kind has been asked yet",
    remedy: "Run vfio-ask doctor --probe each.",
  },
];

/** Why it is unknown whether a device can migrate. */
export function whyNotAsked(examination: DeviceExamination): Finding {
  const { device, asked } = examination;
  const { holder } = device.use;
  const { code, sentence, remedy } = REASONS.find(({ holds }) => holds(examination))!;
  const told = asked !== null && asked.outcome !== "answered";
  return find("unknown", code, {
    subject: device.id,
    sentence: `${vendorOf(device)}: ${sentence(examination)}`,
    remedy: told ? asked.remedy ?? remedy : remedy,
    check: told ? asked.check : null,
    sysfs: holder === null ? null : { path: `/proc/${holder.pid}/comm`, value: holder.name },
  });
}
