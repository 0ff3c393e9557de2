/**
 * The systemd unit of the service, for a binary path and options of `serve`.
 *
 * Each hardening below was tested with V8. Comments in the unit explain the omitted ones.
 */
export function formatUnit({ binary, args, writes = [] }: {
  binary: string;
  args: readonly string[];
  /** Further directories that the service writes to: those of --unix and --state. */
  writes?: readonly string[];
}): string {
  return `# Made by: vfio-ask unit > /etc/systemd/system/vfio-ask.service
[Unit]
Description=Says which configurations of this host can take a VFIO device's live migration
After=local-fs.target systemd-udevd.service systemd-modules-load.service

[Service]
Type=notify
NotifyAccess=main
ExecStart=${[binary, "serve", ...args].map(quote).join(" ")}
Restart=on-failure
RestartSec=1
WatchdogSec=30
TimeoutStopSec=10
# The server kills its own child processes. systemd does not wait for one that hangs in the kernel.
KillMode=mixed
SendSIGKILL=yes
StateDirectory=vfio-ask
StateDirectoryMode=0700
RuntimeDirectory=vfio-ask
RuntimeDirectoryMode=0755
UMask=0077
Environment=HOME=/var/lib/vfio-ask

# Hardening. Reading /proc/PID/fd of other users and opening the nodes of others takes capabilities;
# pinning a device's memory takes one more.
CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_DAC_OVERRIDE CAP_IPC_LOCK CAP_SYS_RAWIO
NoNewPrivileges=yes
ProtectSystem=strict
${writes.map((directory) => `ReadWritePaths=-${quote(directory)}\n`).join("")}ProtectHome=yes
PrivateTmp=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
# @pkey: V8 protects its code pages with memory protection keys and ends without them.
SystemCallFilter=@system-service @pkey
SystemCallErrorNumber=EPERM
IPAddressDeny=any
IPAddressAllow=localhost
TasksMax=64
MemoryMax=512M
# Left out, because the service needs what they take away:
#   MemoryDenyWriteExecute   V8 compiles code while it runs
#   PrivateDevices, DevicePolicy=closed   /dev/vfio and /dev/iommu are what it asks
#   ProtectKernelTunables    makes sysfs read-only, and making an mdev is a write to sysfs
#   ProtectProc, ProcSubset  who holds a device is read from /proc of all processes
#   PrivateUsers             a device node of the host is opened as the host's root

[Install]
WantedBy=multi-user.target
`;
}

/** A word, quoted for a systemd command line. */
function quote(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /[\s"'\\;]/.test(escaped) ? `"${escaped.replace(/["\\]/g, "\\$&")}"` : escaped;
}
