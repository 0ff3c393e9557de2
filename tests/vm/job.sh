# The test machine's job: creates the devices that tests/vm/machine.ts names, then runs the cases.
. /job/lib.sh
export NO_COLOR=1
case $(sed -n 1p /job/which) in
  pci*)   # needs only the disk with QEMU and the askpci driver
    load vfio_iommu_type1 mdev askpci || exit 1
    mkdir -p /mnt/qemus
    mount -t ext2 -o ro /dev/vdb /mnt/qemus || exit 1
    exec /job/vm-tests run "$(sed -n 1p /job/which)" "$(sed -n 2p /job/which)" ;;
  hosts) . /job/hosts.sh ;;
esac
load_samples || exit 1
if [ -b /dev/vdb ] && [ "$(sed -n 1p /job/which)" = qemu ]; then
  mkdir -p /mnt/qemus
  mount -t ext2 -o ro /dev/vdb /mnt/qemus || exit 1
fi
make_mdev mtty mtty-1 11111111-0000-4000-8000-000000000001 || exit 1
make_mdev mtty mtty-2 22222222-0000-4000-8000-000000000001 || exit 1
make_mdev mtty mtty-2 22222222-0000-4000-8000-000000000002 || exit 1
make_mdev mdpy mdpy-vga 33333333-0000-4000-8000-000000000001 || exit 1
make_mdev mbochs mbochs-small 44444444-0000-4000-8000-000000000001 || exit 1
setup_igb_vfs 2 || exit 1
load askv1 || exit 1
# arguments: the run, and a text that case names must contain
exec /job/vm-tests run "$(sed -n 1p /job/which)" "$(sed -n 2p /job/which)"
