/** A unit file: its name and text. */
export interface UnitFile {
  name: string;
  text: string;
}

/** The system user and group that the server runs as. */
export const SERVICE_USER = "vfio-ask";

/** The socket of the worker service. Not in the server's runtime directory, which systemd removes with the server. */
export const WORKER_SOCKET = "/run/vfio-ask-worker.sock";

/** Where the server finds the host's /dev. */
const SERVER_DEV = "/run/vfio-ask/dev";

/** What the units run. */
export interface UnitOptions {
  binary: string;
  /** Options of `serve`. */
  args: readonly string[];
  /** Options of the worker. */
  workerArgs?: readonly string[];
  /** Further directories that the server writes to: that of --unix. */
  writes?: readonly string[];
  /** The group that may use the server's Unix socket. */
  group?: string | null;
  /** The file of the bearer token, which systemd reads as root and gives to the server. */
  tokenFile?: string | null;
}

/**
 * The systemd units of the service: the server without privileges, and the worker that a socket starts for it.
 *
 * Each hardening was tested with V8 and real devices. Comments in the units explain the omitted ones.
 */
export function formatUnits(
  { binary, args, workerArgs = [], writes = [], group = null, tokenFile = null }: UnitOptions,
): readonly UnitFile[] {
  const serve = commandLine(binary, [
    "serve",
    `--worker=${WORKER_SOCKET}`,
    `--dev=${SERVER_DEV}`,
    "--state=/var/lib/vfio-ask",
    ...args,
  ]);
  const broker = commandLine(binary, ["broker", "--state=/var/lib/vfio-ask", ...workerArgs]);
  return [
    { name: "vfio-ask.service", text: formatServer(serve, { writes, group, tokenFile }) },
    { name: "vfio-ask-worker.socket", text: WORKER_SOCKET_UNIT },
    { name: "vfio-ask-worker@.service", text: formatWorker(broker) },
  ];
}

/** Hardening that both services have. */
const HARDENING = `NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateMounts=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
# @pkey: V8 protects its code pages with memory protection keys and ends without them.
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
IPAddressDeny=any`;

function formatServer(
  execStart: string,
  { writes, group, tokenFile }: Required<Pick<UnitOptions, "writes" | "group" | "tokenFile">>,
): string {
  // A name that is no path is looked up in /etc/credstore, and may be missing.
  const token = tokenFile?.replaceAll("%", "%%") ?? "vfio-ask.token";
  const credential =
    `# The bearer token that permits preflights over TCP.\nLoadCredential=token:${token}\n`;
  const sharing = group === null || group === SERVICE_USER ? "" : `SupplementaryGroups=${group}
# The server gives its socket to this group.
SystemCallFilter=@chown
`;
  return `# The server: answers over HTTP. It has no privileges and opens no device.
[Unit]
Description=Find configurations that can take a VFIO device's live migration
Documentation=man:vfio-ask(8)
Requires=vfio-ask-worker.socket
After=vfio-ask-worker.socket local-fs.target systemd-udevd.service systemd-modules-load.service

[Service]
Type=notify
NotifyAccess=main
User=${SERVICE_USER}
Group=${SERVICE_USER}
ExecStart=${execStart}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1
WatchdogSec=30
TimeoutStopSec=10
RuntimeDirectory=vfio-ask
RuntimeDirectoryMode=0755
UMask=0077
Environment=HOME=/run/vfio-ask
# Options of the runtime, which must not open an inspector or another listener.
UnsetEnvironment=NODE_OPTIONS DENO_SERVE_ADDRESS DENO_AUTO_SERVE DENO_V8_FLAGS
LimitCORE=0
# Each connection of a client is an open file.
LimitNOFILE=65536
TasksMax=64
MemoryMax=512M

CapabilityBoundingSet=
AmbientCapabilities=
# A private /dev without devices. The names and ages of the nodes in the host's /dev are visible, but none can be opened.
PrivateDevices=yes
BindReadOnlyPaths=/dev:${SERVER_DEV}
ProtectProc=invisible
RemoveIPC=yes
${HARDENING}
IPAddressAllow=localhost
# AF_NETLINK: events of the kernel about devices.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
${credential}${sharing}${
    writes.map((directory) => `ReadWritePaths=-${quote(directory)}\n`).join("")
  }# Not used, because the server needs what they take away:
#   MemoryDenyWriteExecute   V8 compiles code while it runs
#   ProtectKernelModules     hides /usr/lib/modules; the doctor reads which drivers the kernel has
#   ProcSubset=pid           hides the boot ID and the kernel's command line
#   PrivateNetwork           it listens on the host's loopback
#   PrivateUsers             hides the users of programs that connect, and fails where user namespaces are off
#   DynamicUser              the worker's socket belongs to the user

[Install]
WantedBy=multi-user.target
`;
}

const WORKER_SOCKET_UNIT =
  `# The server asks here for what needs privileges. Only the server's user can connect.
[Unit]
Description=Requests of vfio-ask that need privileges
Documentation=man:vfio-ask(8)

[Socket]
ListenStream=${WORKER_SOCKET}
SocketUser=${SERVICE_USER}
SocketGroup=${SERVICE_USER}
SocketMode=0600
Accept=yes
MaxConnections=8
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;

function formatWorker(execStart: string): string {
  return `# The worker: does what needs privileges for one connection of the server, if its own configuration allows it.
[Unit]
Description=Worker of vfio-ask, which opens VFIO devices
Documentation=man:vfio-ask(8)
CollectMode=inactive-or-failed

[Service]
# Its group can read what it saves.
User=root
Group=${SERVICE_USER}
ExecStart=${execStart}
StandardInput=socket
StandardOutput=socket
StandardError=journal
# The server connects anew every few minutes. This ends a worker that hangs.
RuntimeMaxSec=900
TimeoutStopSec=5
# The worker kills its own child process. systemd does not wait for one that hangs in the kernel.
KillMode=mixed
SendSIGKILL=yes
StateDirectory=vfio-ask vfio-ask/journal
StateDirectoryMode=2750
UMask=0027
Environment=HOME=/var/lib/vfio-ask
UnsetEnvironment=NODE_OPTIONS DENO_V8_FLAGS
LimitCORE=0
TasksMax=64
MemoryMax=512M

# CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: reading /proc/PID/fd of other users, and running the QEMU of a process for its
# version. CAP_DAC_OVERRIDE: opening their nodes.
# CAP_IPC_LOCK: pinning memory for a device. CAP_SYS_RAWIO: devices without an IOMMU.
CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_DAC_OVERRIDE CAP_IPC_LOCK CAP_SYS_RAWIO
DevicePolicy=closed
DeviceAllow=/dev/vfio/vfio rw
DeviceAllow=/dev/iommu rw
DeviceAllow=char-vfio rw
DeviceAllow=char-vfio-dev rw
ProtectKernelModules=yes
# Creating an mdev is a write to sysfs.
ReadWritePaths=/sys/devices
${HARDENING}
# AF_NETLINK: devlink, which knows the firmware of a device. AF_UNIX: also virsh, which asks libvirt about machines.
RestrictAddressFamilies=AF_UNIX AF_NETLINK
# Not used, because the worker needs what they take away:
#   MemoryDenyWriteExecute   V8 compiles code while it runs
#   PrivateDevices           /dev/vfio and /dev/iommu are what it opens
#   ProtectProc, ProcSubset  who holds a device is read from /proc of all processes
#   PrivateUsers             the nodes belong to the host's root
#   PrivateNetwork           devlink shows only the devices of the own network namespace
`;
}

function commandLine(binary: string, args: readonly string[]): string {
  return [binary, ...args].map(quote).join(" ");
}

/** A word, quoted for a systemd command line. */
function quote(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /[\s"'\\;]/.test(escaped) ? `"${escaped.replace(/["\\]/g, "\\$&")}"` : escaped;
}
