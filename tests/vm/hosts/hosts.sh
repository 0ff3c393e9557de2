# shellcheck shell=sh
# Sourced by tests/vm/job.sh on both hosts: network, drivers, the program as its package installs it. hosta then runs the
# cases, and hostb its agent.
case $(hostname) in
  hosta) address=10.9.0.1 ;;
  hostb) address=10.9.0.2 ;;
esac
for nic in /sys/class/net/en*; do nic=${nic##*/}; done
ip address add "$address/24" dev "$nic" && ip link set "$nic" up || exit 1
load_samples || exit 1
case $(hostname) in
  hosta)
    make_mdev mtty mtty-1 11111111-0000-4000-8000-0000000000a1 &&
    make_mdev mtty mtty-2 22222222-0000-4000-8000-0000000000a1 &&
    make_mdev mdpy mdpy-vga 33333333-0000-4000-8000-0000000000a1 || exit 1 ;;
  hostb)
    make_mdev mtty mtty-1 11111111-0000-4000-8000-0000000000b1 &&
    make_mdev mtty mtty-2 22222222-0000-4000-8000-0000000000b1 &&
    make_mdev mdpy mdpy-vga 33333333-0000-4000-8000-0000000000b1 || exit 1 ;;
esac
dpkg --force-unsafe-io --install /job/*.deb > /tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; exit 1; }
echo "installed at $(cut -d' ' -f1 /proc/uptime)"
export LIBVIRT_DEFAULT_URI=qemu:///system
virsh --quiet version > /dev/null || exit 1   # libvirt queries its QEMU now, which takes a while
echo "libvirt is ready at $(cut -d' ' -f1 /proc/uptime)"
case $(hostname) in
  hosta) exec /job/vm-tests hosts "$(sed -n 2p /job/which)" ;;
  hostb) exec /job/vm-tests agent ;;
esac
