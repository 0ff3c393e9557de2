/** The fragment of sysusers.d(5): the user and group of the service, without a home directory and a shell. */
export const SYSUSERS = `# The user and group that the server of vfio-ask runs as.
u vfio-ask - "vfio-ask service" - -
`;

/** The fragment of tmpfiles.d(5): the state directory, which the service may read. */
export const TMPFILES = `# The state of vfio-ask: results of probes, and the journal of devices.
d /var/lib/vfio-ask 2750 root vfio-ask -
d /var/lib/vfio-ask/journal 2750 root vfio-ask -
z /var/lib/vfio-ask/*.json 0640 root vfio-ask -
`;
