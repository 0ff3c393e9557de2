/**
 * `<linux/devlink.h>`: a driver's report on its device's firmware and on the ports of its virtual functions.
 *
 * Source: `<linux/devlink.h>`, Linux 6.12. INFO_GET exists since 5.1, flavour PCI_VF since 5.3,
 * `DEVLINK_PORT_FN_ATTR_CAPS` with MIGRATABLE since 6.2.
 */
export const DEVLINK_GENL_VERSION = 1;

export const DEVLINK_CMD_PORT_GET = 5;
export const DEVLINK_CMD_INFO_GET = 51;

/** The handle of a device. Both are strings. */
export const DEVLINK_ATTR_BUS_NAME = 1;
export const DEVLINK_ATTR_DEV_NAME = 2;

/** Attributes of an info: strings, and lists of versions. Each version holds a name and a value. */
export const DEVLINK_ATTR_INFO_DRIVER_NAME = 98;
export const DEVLINK_ATTR_INFO_SERIAL_NUMBER = 99;
export const DEVLINK_ATTR_INFO_VERSION_FIXED = 100;
export const DEVLINK_ATTR_INFO_VERSION_RUNNING = 101;
export const DEVLINK_ATTR_INFO_VERSION_STORED = 102;
export const DEVLINK_ATTR_INFO_VERSION_NAME = 103;
export const DEVLINK_ATTR_INFO_VERSION_VALUE = 104;

/** Attributes of a port: u32, u16, u16, u16, nested, u8. */
export const DEVLINK_ATTR_PORT_INDEX = 3;
export const DEVLINK_ATTR_PORT_FLAVOUR = 77;
export const DEVLINK_ATTR_PORT_PCI_PF_NUMBER = 127;
export const DEVLINK_ATTR_PORT_PCI_VF_NUMBER = 128;
export const DEVLINK_ATTR_PORT_FUNCTION = 145;
/** 1 if the function belongs to another machine, as seen from a SmartNIC's own processor. */
export const DEVLINK_ATTR_PORT_EXTERNAL = 149;

export const DEVLINK_PORT_FLAVOUR_PCI_VF = 4;

/** Inside PORT_FUNCTION: a bitfield32. */
export const DEVLINK_PORT_FN_ATTR_CAPS = 4;
export const DEVLINK_PORT_FN_CAP_MIGRATABLE = 1 << 1;
