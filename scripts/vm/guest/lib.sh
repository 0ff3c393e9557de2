# shellcheck shell=sh disable=SC2001
# Sourced by jobs in the guest, as /job/lib.sh: drivers, mediated devices, virtual functions.

# load DRIVER...: loads each driver that is not built into the kernel.
load() {
  for driver; do
    file=$(echo "$driver" | sed 's/[-_]/[-_]/g').ko
    grep -q "/$file" "/lib/modules/$(uname -r)/modules.builtin" || modprobe "$driver" || return
  done
}

# load_samples: loads the sample mediated drivers, with parents mtty, mdpy and mbochs.
load_samples() { load vfio_iommu_type1 mdev mtty mdpy mbochs; }

# make_mdev PARENT TYPE UUID: creates a mediated device, e.g. make_mdev mtty mtty-1 11111111-0000-4000-8000-000000000001
make_mdev() { echo "$3" > "/sys/class/mdev_bus/$1/mdev_supported_types/$2/create"; }

# remove_mdev UUID
remove_mdev() { echo 1 > "/sys/bus/mdev/devices/$1/remove"; }

# setup_igb_vfs N: creates N virtual functions of the igb NIC, binds them to vfio-pci and prints their addresses.
setup_igb_vfs() {
  load igb vfio-pci || return
  pf=
  for device in /sys/bus/pci/devices/*; do
    [ "$(cat "$device/vendor" "$device/device" | xargs)" = "0x8086 0x10c9" ] && pf=$device
  done
  [ -n "$pf" ] || { echo "cannot find the igb NIC" >&2; return 1; }
  echo 0 > "$pf/sriov_drivers_autoprobe" && echo "$1" > "$pf/sriov_numvfs" || return
  for vf in "$pf"/virtfn*; do
    address=$(basename "$(readlink "$vf")")
    echo vfio-pci > "$vf/driver_override" && echo "$address" > /sys/bus/pci/drivers/vfio-pci/bind && echo "$address" || return
  done
}
