import type { FindingCode } from "../../documents/mod.ts";
import type { DeviceExamination } from "./examination.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/** A reason why nobody knows whether a device can migrate. */
interface Reason {
  code: FindingCode<"unknown">;
  holds: (examination: DeviceExamination) => boolean;
  /** What follows the driver's name. */
  sentence: (examination: DeviceExamination) => string;
  remedy: string;
}

const outcome = (name: string) => ({ asked }: DeviceExamination) => asked?.outcome === name;
const whatItSaid = ({ asked }: DeviceExamination) => asked?.sentence ?? "it could not be asked";

/** The reasons, the first that holds is told. */
const REASONS: readonly Reason[] = [
  {
    code: "InUse",
    holds: ({ device }) => device.use.state === "in-use",
    sentence: () => "it is in use, and no idle device of its kind has been asked",
    remedy: "Make an idle device of the same type, or ask again when it is not in use.",
  },
  {
    code: "Settling",
    holds: ({ settling }) => settling,
    sentence: () => "it is new and left alone for a while, and nobody has asked its like",
    remedy: "Ask again in some seconds, or with --settle 0.",
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
    remedy: "Look for a hung task in dmesg, and update or reload the driver.",
  },
  {
    code: "OpenRefused",
    holds: ({ asked }) => asked !== null && asked.outcome !== "answered",
    sentence: whatItSaid,
    remedy: "Look for errors of the device in dmesg.",
  },
  {
    code: "HoldersUnknown",
    holds: ({ device }) => device.use.state === "unknown",
    sentence: () => "who uses it cannot be told from /proc, so that it is left alone",
    remedy: "Run vfio-ask as root, where all processes of the host are to be seen.",
  },
  {
    code: "NoNode",
    holds: ({ device: { nodes } }) => nodes.cdev === null && nodes.group === null,
    sentence: () => "it has no node in /dev/vfio to be asked through",
    remedy: "Run modprobe vfio_iommu_type1, or modprobe iommufd.",
  },
  {
    code: "NotAsked",
    holds: ({ mayAsk }) => !mayAsk,
    sentence: () => "nobody has asked it or its like, as --probe never wants it",
    remedy: "Run vfio-ask doctor without --probe never.",
  },
  {
    code: "NotAsked",
    holds: () => true,
    sentence: () => "nobody has asked it or its like yet",
    remedy: "Run vfio-ask doctor --probe each.",
  },
];

/** Why it is not known whether a device can migrate. */
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
