// SPDX-License-Identifier: GPL-2.0
/*
 * askpci: mediated PCI devices that can migrate, with a configurable configuration space and BARs
 *
 * The attributes `config` (the configuration space), `config_size` and `bar_sizes` define what a device shows after it
 * is opened or reset. One type migrates with the state machine of <linux/vfio.h> ("v2"), the other with the migration
 * region that <linux/vfio.h> documented from 5.8 to 5.17 ("v1"). The state of all devices is the same, a checked header
 * and zeros, so that the driver never refuses a migration between two devices. Written for Linux 6.12.
 */
#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci_regs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#define ASKPCI_INSTANCES	16
#define CONFIG_SIZE		4096
#define BARS			6
#define MIGRATION_REGION	VFIO_PCI_NUM_REGIONS
#define DATA_OFFSET		4096
#define DATA_SIZE		4096

#define OFFSET_SHIFT		40
#define REGION_OFFSET(index)	((u64)(index) << OFFSET_SHIFT)

#define V1_RUNNING		VFIO_DEVICE_STATE_V1_RUNNING
#define V1_SAVING		VFIO_DEVICE_STATE_V1_SAVING
#define V1_RESUMING		VFIO_DEVICE_STATE_V1_RESUMING

#define HEADER_SIZE		32
#define STATE_SIZE		64

static const u8 saved[STATE_SIZE] = "askpci: the state of a device";

struct askpci_type {
	struct mdev_type type;
	bool v1;
};

static struct askpci_type askpci_types[] = {
	{ .type = { .sysfs_name = "v1", .pretty_name = "askpci v1" }, .v1 = true },
	{ .type = { .sysfs_name = "v2", .pretty_name = "askpci v2" } },
};

struct askpci_device {
	struct vfio_device vdev;
	const struct askpci_type *type;
	struct mutex lock;	/* protects all below */
	u8 shown[CONFIG_SIZE];	/* set by the attributes */
	u32 shown_size;
	u32 bar_sizes[BARS];
	u8 config[CONFIG_SIZE];	/* as changed by the user */
	u8 writable[CONFIG_SIZE];
	u8 data[DATA_SIZE];	/* being saved or resumed */
	size_t filled;
	u32 v1_state;
	bool v1_pending;
	enum vfio_device_mig_state state;
	struct file *stream;	/* of the open data_fd, or NULL */
};

static struct askpci_device *of(struct vfio_device *vdev)
{
	return container_of(vdev, struct askpci_device, vdev);
}

static bool header_fits(const struct askpci_device *dev)
{
	return dev->filled >= HEADER_SIZE && !memcmp(dev->data, saved, HEADER_SIZE);
}

/* ---- migration by the state machine ---- */

static ssize_t stream_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct askpci_device *dev = file->private_data;

	guard(mutex)(&dev->lock);
	if (dev->stream != file)
		return -ENODEV;
	if (dev->state == VFIO_DEVICE_STATE_PRE_COPY)
		return file->f_pos < HEADER_SIZE ?
			simple_read_from_buffer(buf, count, &file->f_pos, saved, HEADER_SIZE) : -ENOMSG;
	return simple_read_from_buffer(buf, count, &file->f_pos, saved, STATE_SIZE);
}

static ssize_t stream_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct askpci_device *dev = file->private_data;
	ssize_t ret;

	guard(mutex)(&dev->lock);
	if (dev->stream != file || dev->state != VFIO_DEVICE_STATE_RESUMING)
		return -ENODEV;
	ret = simple_write_to_buffer(dev->data, STATE_SIZE, &file->f_pos, buf, count);
	if (ret > 0)
		dev->filled = file->f_pos;
	return dev->filled >= HEADER_SIZE && !header_fits(dev) ? -EINVAL : ret;
}

static long stream_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct askpci_device *dev = file->private_data;
	struct vfio_precopy_info info;
	const size_t minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);

	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return -ENOTTY;
	if (copy_from_user(&info, (void __user *)arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	guard(mutex)(&dev->lock);
	if (dev->stream != file || dev->state != VFIO_DEVICE_STATE_PRE_COPY)
		return -EINVAL;
	info.flags = 0;
	info.initial_bytes = file->f_pos < HEADER_SIZE ? HEADER_SIZE - file->f_pos : 0;
	info.dirty_bytes = 0;
	return copy_to_user((void __user *)arg, &info, minsz) ? -EFAULT : 0;
}

static int stream_release(struct inode *inode, struct file *file)
{
	struct askpci_device *dev = file->private_data;

	vfio_put_device(&dev->vdev);
	return 0;
}

static const struct file_operations stream_fops = {
	.owner = THIS_MODULE,
	.read = stream_read,
	.write = stream_write,
	.unlocked_ioctl = stream_ioctl,
	.release = stream_release,
	.llseek = noop_llseek,
};

static void close_stream(struct askpci_device *dev)
{
	dev->stream = NULL;
	dev->filled = 0;
}

static struct file *open_stream(struct askpci_device *dev, int flags)
{
	struct file *file = anon_inode_getfile("askpci", &stream_fops, dev, flags);

	if (IS_ERR(file))
		return file;
	get_device(&dev->vdev.device);
	stream_open(file->f_inode, file);
	file->f_mode |= FMODE_LSEEK;
	dev->stream = file;
	dev->filled = 0;
	return file;
}

static struct file *step(struct askpci_device *dev, enum vfio_device_mig_state next)
{
	if (dev->state == VFIO_DEVICE_STATE_PRE_COPY && next == VFIO_DEVICE_STATE_STOP_COPY)
		return NULL;	/* continue the same stream */
	if (next == VFIO_DEVICE_STATE_PRE_COPY || next == VFIO_DEVICE_STATE_STOP_COPY)
		return open_stream(dev, O_RDONLY);
	if (next == VFIO_DEVICE_STATE_RESUMING)
		return open_stream(dev, O_WRONLY);
	if (dev->state == VFIO_DEVICE_STATE_RESUMING && dev->filled != STATE_SIZE)
		return ERR_PTR(-EINVAL);
	close_stream(dev);
	return NULL;
}

static struct file *askpci_set_state(struct vfio_device *vdev, enum vfio_device_mig_state wanted)
{
	struct askpci_device *dev = of(vdev);
	struct file *file = NULL;

	guard(mutex)(&dev->lock);
	while (dev->state != wanted) {
		enum vfio_device_mig_state next;
		int ret = vfio_mig_get_next_state(vdev, dev->state, wanted, &next);

		if (ret)
			return ERR_PTR(ret);
		file = step(dev, next);
		if (IS_ERR(file))
			return file;
		dev->state = next;
	}
	return file;
}

static int askpci_get_state(struct vfio_device *vdev, enum vfio_device_mig_state *state)
{
	*state = of(vdev)->state;
	return 0;
}

static int askpci_get_data_size(struct vfio_device *vdev, unsigned long *size)
{
	*size = STATE_SIZE;
	return 0;
}

static const struct vfio_migration_ops askpci_mig_ops = {
	.migration_set_state = askpci_set_state,
	.migration_get_state = askpci_get_state,
	.migration_get_data_size = askpci_get_data_size,
};

/* The device never writes to memory, so that no page is dirty. */
static int askpci_log_start(struct vfio_device *vdev, struct rb_root_cached *ranges, u32 nnodes, u64 *page_size)
{
	return 0;
}

static int askpci_log_stop(struct vfio_device *vdev)
{
	return 0;
}

static int askpci_log_read(struct vfio_device *vdev, unsigned long iova, unsigned long length,
			   struct iova_bitmap *dirty)
{
	return 0;
}

static const struct vfio_log_ops askpci_log_ops = {
	.log_start = askpci_log_start,
	.log_stop = askpci_log_stop,
	.log_read_and_clear = askpci_log_read,
};

/* ---- migration by the region ---- */

static int set_v1_state(struct askpci_device *dev, u32 state)
{
	if (state & ~VFIO_DEVICE_STATE_MASK || (state & V1_RESUMING && state != V1_RESUMING))
		return -EINVAL;
	if (dev->v1_state == V1_RESUMING && state != V1_RESUMING && !header_fits(dev))
		return -EINVAL;
	if (state == dev->v1_state)
		return 0;
	dev->v1_state = state;
	dev->filled = 0;
	dev->v1_pending = state & V1_SAVING;
	if (state & V1_SAVING)
		memcpy(dev->data, saved, HEADER_SIZE);
	return 0;
}

static int access_v1(struct askpci_device *dev, u64 offset, void *buf, size_t count, bool write)
{
	u32 *word = buf;
	u64 *quad = buf;

	if (offset >= DATA_OFFSET) {
		if (count > DATA_OFFSET + DATA_SIZE - offset || write != (dev->v1_state == V1_RESUMING))
			return -EINVAL;
		if (write)
			memcpy(dev->data + (offset - DATA_OFFSET), buf, count);
		else
			memcpy(buf, dev->data + (offset - DATA_OFFSET), count);
	} else if (offset == offsetof(struct vfio_device_migration_info, device_state) && count == 4) {
		if (write)
			return set_v1_state(dev, *word);
		*word = dev->v1_state;
	} else if (offset == offsetof(struct vfio_device_migration_info, pending_bytes) && count == 8 && !write) {
		*quad = dev->v1_pending ? HEADER_SIZE : 0;
	} else if (offset == offsetof(struct vfio_device_migration_info, data_offset) && count == 8 && !write) {
		*quad = DATA_OFFSET;
	} else if (offset == offsetof(struct vfio_device_migration_info, data_size) && count == 8) {
		if (!write) {
			*quad = dev->v1_pending ? HEADER_SIZE : 0;
			dev->v1_pending = false;
			return 0;
		}
		dev->filled = *quad;
		return dev->v1_state == V1_RESUMING && header_fits(dev) ? 0 : -EINVAL;
	} else {
		return -EINVAL;
	}
	return 0;
}

/* ---- configuration space and regions ---- */

static void reset(struct askpci_device *dev)
{
	guard(mutex)(&dev->lock);
	memcpy(dev->config, dev->shown, CONFIG_SIZE);
	memset(dev->writable, 0, CONFIG_SIZE);
	dev->writable[PCI_COMMAND] = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	dev->writable[PCI_COMMAND + 1] = PCI_COMMAND_INTX_DISABLE >> 8;
	dev->writable[PCI_INTERRUPT_LINE] = 0xff;
	for (int i = 0; i < BARS; i++)
		if (dev->bar_sizes[i])
			*(__le32 *)(dev->writable + PCI_BASE_ADDRESS_0 + 4 * i) = cpu_to_le32(~(dev->bar_sizes[i] - 1));
	dev->state = VFIO_DEVICE_STATE_RUNNING;
	dev->v1_state = V1_RUNNING;
	dev->v1_pending = false;
	close_stream(dev);
}

static void access_config(struct askpci_device *dev, u64 offset, u8 *buf, size_t count, bool write)
{
	for (size_t i = 0; i < count; i++) {
		u8 *byte = &dev->config[offset + i];
		u8 mask = dev->writable[offset + i];

		if (write)
			*byte = (*byte & ~mask) | (buf[i] & mask);
		else
			buf[i] = *byte;
	}
}

static void fill_region_info(const struct askpci_device *dev, struct vfio_region_info *info)
{
	info->offset = REGION_OFFSET(info->index);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->size = info->index < BARS ? dev->bar_sizes[info->index] :
		info->index == VFIO_PCI_CONFIG_REGION_INDEX ? dev->shown_size :
		info->index == MIGRATION_REGION && dev->type->v1 ? DATA_OFFSET + DATA_SIZE : 0;
	if (!info->size)
		info->flags = 0;
}

static ssize_t access_region(struct askpci_device *dev, u64 at, void *buf, size_t count, bool write)
{
	struct vfio_region_info info = { .index = at >> OFFSET_SHIFT };
	u64 offset = at & (REGION_OFFSET(1) - 1);
	int ret = 0;

	guard(mutex)(&dev->lock);
	fill_region_info(dev, &info);
	if (offset >= info.size)
		return -EINVAL;
	count = min_t(u64, count, info.size - offset);
	if (info.index == MIGRATION_REGION)
		ret = access_v1(dev, offset, buf, count, write);
	else if (info.index == VFIO_PCI_CONFIG_REGION_INDEX)
		access_config(dev, offset, buf, count, write);
	else if (!write)
		memset(buf, 0, count);
	return ret ?: count;
}

static ssize_t askpci_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos)
{
	void *copy __free(kfree) = kzalloc(CONFIG_SIZE, GFP_KERNEL);
	ssize_t ret;

	if (!copy)
		return -ENOMEM;
	ret = access_region(of(vdev), *ppos, copy, min_t(size_t, count, CONFIG_SIZE), false);
	if (ret > 0 && copy_to_user(buf, copy, ret))
		return -EFAULT;
	if (ret > 0)
		*ppos += ret;
	return ret;
}

static ssize_t askpci_write(struct vfio_device *vdev, const char __user *buf, size_t count, loff_t *ppos)
{
	void *copy __free(kfree) = kzalloc(CONFIG_SIZE, GFP_KERNEL);
	ssize_t ret;

	count = min_t(size_t, count, CONFIG_SIZE);
	if (!copy)
		return -ENOMEM;
	if (copy_from_user(copy, buf, count))
		return -EFAULT;
	ret = access_region(of(vdev), *ppos, copy, count, true);
	if (ret > 0)
		*ppos += ret;
	return ret;
}

/* ---- the VFIO device ---- */

static long get_info(const struct askpci_device *dev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS + dev->type->v1;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long get_region_info(const struct askpci_device *dev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info_cap_type type = {
		.header.id = VFIO_REGION_INFO_CAP_TYPE,
		.header.version = 1,
		.type = VFIO_REGION_TYPE_MIGRATION_DEPRECATED,
		.subtype = VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED,
	};
	struct vfio_region_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_REGIONS + dev->type->v1)
		return -EINVAL;
	info.cap_offset = 0;
	fill_region_info(dev, &info);
	if (info.index == MIGRATION_REGION) {
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info.argsz >= sizeof(info) + sizeof(type)) {
			info.cap_offset = sizeof(info);
			if (copy_to_user(arg + sizeof(info), &type, sizeof(type)))
				return -EFAULT;
		}
		info.argsz = sizeof(info) + sizeof(type);
	}
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long get_irq_info(void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	info.count = info.index == VFIO_PCI_INTX_IRQ_INDEX;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long askpci_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(of(vdev), (void __user *)arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(of(vdev), (void __user *)arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info((void __user *)arg);
	case VFIO_DEVICE_SET_IRQS:
		return 0;	/* the device raises no interrupts */
	case VFIO_DEVICE_RESET:
		reset(of(vdev));
		return 0;
	default:
		return -ENOTTY;
	}
}

static int askpci_open(struct vfio_device *vdev)
{
	reset(of(vdev));
	return 0;
}

static void askpci_close(struct vfio_device *vdev)
{
	struct askpci_device *dev = of(vdev);

	guard(mutex)(&dev->lock);
	close_stream(dev);
}

static int askpci_init(struct vfio_device *vdev)
{
	struct askpci_device *dev = of(vdev);

	dev->type = container_of(to_mdev_device(vdev->dev)->type, struct askpci_type, type);
	mutex_init(&dev->lock);
	dev->shown_size = CONFIG_SIZE;
	if (!dev->type->v1) {
		vdev->migration_flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY;
		vdev->mig_ops = &askpci_mig_ops;
		vdev->log_ops = &askpci_log_ops;
	}
	reset(dev);
	return 0;
}

static void askpci_release(struct vfio_device *vdev)
{
	mutex_destroy(&of(vdev)->lock);
}

static const struct vfio_device_ops askpci_ops = {
	.name = "askpci",
	.init = askpci_init,
	.release = askpci_release,
	.open_device = askpci_open,
	.close_device = askpci_close,
	.read = askpci_read,
	.write = askpci_write,
	.ioctl = askpci_ioctl,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

/* ---- the attributes ---- */

static ssize_t config_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr, char *buf,
			   loff_t at, size_t count)
{
	struct askpci_device *dev = dev_get_drvdata(kobj_to_dev(kobj));

	guard(mutex)(&dev->lock);
	return memory_read_from_buffer(buf, count, &at, dev->shown, CONFIG_SIZE);
}

static ssize_t config_write(struct file *file, struct kobject *kobj, struct bin_attribute *attr, char *buf,
			    loff_t at, size_t count)
{
	struct askpci_device *dev = dev_get_drvdata(kobj_to_dev(kobj));

	guard(mutex)(&dev->lock);
	memcpy(dev->shown + at, buf, count);
	return count;
}

static BIN_ATTR_RW(config, CONFIG_SIZE);

static ssize_t config_size_show(struct device *device, struct device_attribute *attr, char *buf)
{
	struct askpci_device *dev = dev_get_drvdata(device);

	return sysfs_emit(buf, "%u\n", dev->shown_size);
}

static ssize_t config_size_store(struct device *device, struct device_attribute *attr, const char *buf, size_t count)
{
	struct askpci_device *dev = dev_get_drvdata(device);
	u32 size;

	if (kstrtou32(buf, 0, &size) || size < 64 || size > CONFIG_SIZE)
		return -EINVAL;
	guard(mutex)(&dev->lock);
	dev->shown_size = size;
	return count;
}

static DEVICE_ATTR_RW(config_size);

static ssize_t bar_sizes_show(struct device *device, struct device_attribute *attr, char *buf)
{
	struct askpci_device *dev = dev_get_drvdata(device);
	const u32 *size = dev->bar_sizes;

	return sysfs_emit(buf, "%u %u %u %u %u %u\n", size[0], size[1], size[2], size[3], size[4], size[5]);
}

static ssize_t bar_sizes_store(struct device *device, struct device_attribute *attr, const char *buf, size_t count)
{
	struct askpci_device *dev = dev_get_drvdata(device);
	u32 size[BARS];

	if (sscanf(buf, "%u %u %u %u %u %u", &size[0], &size[1], &size[2], &size[3], &size[4], &size[5]) != BARS)
		return -EINVAL;
	guard(mutex)(&dev->lock);
	memcpy(dev->bar_sizes, size, sizeof(size));
	return count;
}

static DEVICE_ATTR_RW(bar_sizes);

static struct attribute *device_attrs[] = { &dev_attr_config_size.attr, &dev_attr_bar_sizes.attr, NULL };
static struct bin_attribute *device_bin_attrs[] = { &bin_attr_config, NULL };
static const struct attribute_group device_group = { .attrs = device_attrs, .bin_attrs = device_bin_attrs };
static const struct attribute_group *device_groups[] = { &device_group, NULL };

/* ---- the mediated driver ---- */

static int askpci_probe(struct mdev_device *mdev)
{
	struct askpci_device *dev = vfio_alloc_device(askpci_device, vdev, &mdev->dev, &askpci_ops);
	int ret;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dev_set_drvdata(&mdev->dev, dev);
	ret = vfio_register_emulated_iommu_dev(&dev->vdev);
	if (ret)
		vfio_put_device(&dev->vdev);
	return ret;
}

static void askpci_remove(struct mdev_device *mdev)
{
	struct askpci_device *dev = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&dev->vdev);
	vfio_put_device(&dev->vdev);
}

static ssize_t show_description(struct mdev_type *mtype, char *buf)
{
	return sysfs_emit(buf, "askpci: a device whose configuration space can be altered\n");
}

static struct mdev_driver askpci_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.max_instances = ASKPCI_INSTANCES,
	.probe = askpci_probe,
	.remove = askpci_remove,
	.show_description = show_description,
	.driver = {
		.name = "askpci",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = device_groups,
	},
};

static struct class *askpci_class;
static struct device *parent_device;
static struct mdev_parent parent;

static int __init askpci_module_init(void)
{
	static struct mdev_type *types[] = { &askpci_types[0].type, &askpci_types[1].type };
	int ret = mdev_register_driver(&askpci_driver);

	if (ret)
		return ret;
	askpci_class = class_create("askpci");
	ret = PTR_ERR_OR_ZERO(askpci_class);
	if (ret)
		goto unregister_driver;
	parent_device = device_create(askpci_class, NULL, MKDEV(0, 0), NULL, "askpci");
	ret = PTR_ERR_OR_ZERO(parent_device);
	if (ret)
		goto destroy_class;
	ret = mdev_register_parent(&parent, parent_device, &askpci_driver, types, ARRAY_SIZE(types));
	if (!ret)
		return 0;
	device_unregister(parent_device);
destroy_class:
	class_destroy(askpci_class);
unregister_driver:
	mdev_unregister_driver(&askpci_driver);
	return ret;
}

static void __exit askpci_module_exit(void)
{
	mdev_unregister_parent(&parent);
	device_unregister(parent_device);
	class_destroy(askpci_class);
	mdev_unregister_driver(&askpci_driver);
}

module_init(askpci_module_init);
module_exit(askpci_module_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Mediated devices whose configuration space can be altered, for tests");
MODULE_AUTHOR("the vfio-ask authors");
