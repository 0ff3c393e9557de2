// SPDX-License-Identifier: GPL-2.0
/*
 * askv1: mediated devices with migration interfaces that drivers of current kernels no longer have
 *
 * The devices do nothing. They have the migration region that <linux/vfio.h> documented from 5.8 to 5.17 ("v1"), and the
 * sysfs attributes that were proposed with it to check whether two devices are compatible. Module parameters inject
 * faults and hangs. Written for Linux 6.12.
 *
 * The types of a family look the same to a guest. A type accepts the data of its own and earlier generations of the
 * family. The state of a device is 64 bytes, at the start of BAR0.
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/mdev.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci_regs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#define ASKV1_INSTANCES		16
#define ASKV1_VENDOR		0xa5c1

#define CONFIG_SIZE		256
#define STATE_SIZE		64
#define MIGRATION_REGION	VFIO_PCI_NUM_REGIONS
#define NUM_REGIONS		(VFIO_PCI_NUM_REGIONS + 1)
#define DATA_OFFSET		4096
#define DATA_SIZE		4096	/* a page: the data section of some types can be mapped */

#define OFFSET_SHIFT		40
#define REGION_OFFSET(index)	((u64)(index) << OFFSET_SHIFT)

#define STOP		VFIO_DEVICE_STATE_V1_STOP
#define RUNNING		VFIO_DEVICE_STATE_V1_RUNNING
#define STOP_COPY	VFIO_DEVICE_STATE_V1_SAVING
#define PRE_COPY	(VFIO_DEVICE_STATE_V1_RUNNING | VFIO_DEVICE_STATE_V1_SAVING)
#define RESUMING	VFIO_DEVICE_STATE_V1_RESUMING
#define ERROR		(VFIO_DEVICE_STATE_V1_SAVING | VFIO_DEVICE_STATE_V1_RESUMING)

struct askv1_header {
	char magic[8];		/* "askv1-" and the family */
	__le32 major;
	__le32 generation;
	__le32 state_size;
	u8 zero[12];
};
static_assert(sizeof(struct askv1_header) == 32);

struct askv1_stream {
	struct askv1_header header;
	u8 state[STATE_SIZE];
};

struct askv1_type {
	struct mdev_type type;
	char family;
	u32 generation;
	u16 pci_device;
	u32 bar_size;
	bool mappable;		/* the data section can be mapped */
	bool quiet_refusal;	/* refuses data with the error state, not with an errno */
	const char *version;	/* as the attribute gives it, without the newline; NULL: no attribute */
};

/* Version strings are opaque to programs. These contain characters that must be escaped in output. */
#define VERSION(name) "askv1-" name ":7f3c \x1b[7m\"1\"\t\\<&>"

static struct askv1_type askv1_types[] = {
	{
		.type = { .sysfs_name = "a1", .pretty_name = "askv1 a1" },
		.family = 'a', .generation = 1, .pci_device = 0xa001, .bar_size = 0x1000,
		.mappable = true, .version = VERSION("a1"),
	}, {
		.type = { .sysfs_name = "a2", .pretty_name = "askv1 a2" },
		.family = 'a', .generation = 2, .pci_device = 0xa001, .bar_size = 0x1000,
		.mappable = true, .version = VERSION("a2"),
	}, {
		.type = { .sysfs_name = "b1", .pretty_name = "askv1 b1" },
		.family = 'b', .generation = 1, .pci_device = 0xb001, .bar_size = 0x2000,
		.quiet_refusal = true, .version = VERSION("b1"),
	}, {
		.type = { .sysfs_name = "b2", .pretty_name = "askv1 b2" },
		.family = 'b', .generation = 2, .pci_device = 0xb001, .bar_size = 0x2000,
		.quiet_refusal = true, .version = VERSION("b2"),
	}, {
		.type = { .sysfs_name = "c1", .pretty_name = "askv1 c1" },
		.family = 'c', .generation = 1, .pci_device = 0xc001, .bar_size = 0x4000,
	},
};

struct askv1_device {
	struct vfio_device vdev;
	const struct askv1_type *type;
	struct mutex lock;	/* protects all below */
	u8 config[CONFIG_SIZE];
	u8 writable[CONFIG_SIZE];	/* mask of the writable bits of config */
	u8 state[STATE_SIZE];
	struct page *data;	/* the data section */
	u32 device_state;
	u64 pending;		/* bytes left to read in a saving state */
	bool offered;		/* data_offset was read: the user owns the data section */
	bool loaded;		/* a complete state was resumed */
};

/* ---- parameters ---- */

/* A parameter whose value is one of these names. */
struct choice {
	const char * const *names;
	size_t count;
	int index;
};

static int choice_set(const char *value, const struct kernel_param *param)
{
	struct choice *choice = param->arg;
	int index = value ? __sysfs_match_string(choice->names, choice->count, value) : -EINVAL;

	if (index < 0)
		return index;
	WRITE_ONCE(choice->index, index);
	return 0;
}

static int choice_get(char *buf, const struct kernel_param *param)
{
	struct choice *choice = param->arg;

	return sysfs_emit(buf, "%s\n", choice->names[READ_ONCE(choice->index)]);
}

static const struct kernel_param_ops choice_ops = { .set = choice_set, .get = choice_get };

#define CHOICE_PARAM(name, list, mode, description)					\
	static struct choice name = { .names = list, .count = ARRAY_SIZE(list) };	\
	module_param_cb(name, &choice_ops, &name, mode);				\
	MODULE_PARM_DESC(name, description)

enum step {
	STEP_NONE, STEP_OPEN, STEP_STATE, STEP_SAVING, STEP_PENDING, STEP_OFFSET, STEP_READ, STEP_RUNNING, STEP_STOP,
	STEP_RESUMING, STEP_DATA, STEP_SIZE, STEP_RESET, STEP_READ_VERSION, STEP_WRITE_VERSION,
};

static const char * const step_names[] = {
	[STEP_NONE] = "",
	[STEP_OPEN] = "open",			/* VFIO_GROUP_GET_DEVICE_FD or VFIO_DEVICE_BIND_IOMMUFD */
	[STEP_STATE] = "state",			/* reading device_state */
	[STEP_SAVING] = "saving",		/* writing device_state: either of the saving states */
	[STEP_PENDING] = "pending",		/* reading pending_bytes */
	[STEP_OFFSET] = "offset",		/* reading data_offset */
	[STEP_READ] = "read",			/* reading data_size, or from the data section */
	[STEP_RUNNING] = "running",		/* writing device_state */
	[STEP_STOP] = "stop",			/* writing device_state */
	[STEP_RESUMING] = "resuming",		/* writing device_state */
	[STEP_DATA] = "data",			/* writing to the data section */
	[STEP_SIZE] = "size",			/* writing data_size */
	[STEP_RESET] = "reset",			/* VFIO_DEVICE_RESET */
	[STEP_READ_VERSION] = "read_version",	/* the attribute, of a type or a device */
	[STEP_WRITE_VERSION] = "write_version",
};

/* In the order of askv1_types, from 1. */
static const char * const type_names[] = { "", "askv1-a1", "askv1-a2", "askv1-b1", "askv1-b2", "askv1-c1" };
static_assert(ARRAY_SIZE(type_names) == ARRAY_SIZE(askv1_types) + 1);

enum {
	ATTRIBUTE_MIGRATION_VERSION, ATTRIBUTE_VERSION, ATTRIBUTE_VFIO_MIGRATION_VERSION, ATTRIBUTE_OF_TYPE, ATTRIBUTE_NONE,
};

static const char * const attribute_names[] = {
	[ATTRIBUTE_MIGRATION_VERSION] = "migration_version",		/* of types and devices */
	[ATTRIBUTE_VERSION] = "version",				/* of types */
	[ATTRIBUTE_VFIO_MIGRATION_VERSION] = "vfio_migration_version",	/* of devices, and vfio_migration_type */
	[ATTRIBUTE_OF_TYPE] = "type",					/* migration_version, of types only */
	[ATTRIBUTE_NONE] = "none",
};

enum { JUDGE_HEADER, JUDGE_MAGIC, JUDGE_NOTHING, JUDGE_REFUSE };

static const char * const judge_names[] = {
	[JUDGE_HEADER] = "header",	/* accepts what header_fits() */
	[JUDGE_MAGIC] = "magic",	/* checks "askv1-" only */
	[JUDGE_NOTHING] = "nothing",	/* checks nothing */
	[JUDGE_REFUSE] = "refuse",	/* refuses everything, even its own data */
};

CHOICE_PARAM(attribute, attribute_names, 0444,
	     "the version attribute: migration_version, version, vfio_migration_version, type or none");
CHOICE_PARAM(judge, judge_names, 0644, "how resumed data is checked: header, magic, nothing or refuse");
CHOICE_PARAM(not_migratable, type_names, 0644, "the type whose version attribute answers ENODEV");
CHOICE_PARAM(fault_type, type_names, 0644, "the type that fails and hangs, empty: all of them");
CHOICE_PARAM(fail_step, step_names, 0644, "the step that fails, empty: none");
CHOICE_PARAM(hang_step, step_names, 0644, "the step that hangs, empty: none");

static unsigned int fail_errno = EIO;
module_param(fail_errno, uint, 0644);
MODULE_PARM_DESC(fail_errno, "the errno of a failing step, a positive number");

static unsigned int fail_times;
module_param(fail_times, uint, 0644);
MODULE_PARM_DESC(fail_times, "how often the step fails before fail_step is cleared, 0: always");

static unsigned int hang_ms;
module_param(hang_ms, uint, 0644);
MODULE_PARM_DESC(hang_ms, "how long a step hangs; SIGKILL does not end it, unless hang_killable is set");

static bool hang_killable;
module_param(hang_killable, bool, 0644);
MODULE_PARM_DESC(hang_killable, "SIGKILL ends a hang, and the step fails with EINTR");

static bool migration = true;
module_param(migration, bool, 0644);
MODULE_PARM_DESC(migration, "devices have a migration region");

static bool keep_state;
module_param(keep_state, bool, 0644);
MODULE_PARM_DESC(keep_state, "opening a device leaves it in the state it was closed in");

static bool refuse_reset;
module_param(refuse_reset, bool, 0644);
MODULE_PARM_DESC(refuse_reset, "a reset fails with EIO and changes nothing");

static bool chosen(const struct choice *choice, const struct askv1_type *type)
{
	return READ_ONCE(choice->index) == type - askv1_types + 1;
}

/* Hangs or fails as the parameters say. Call it without locks of this driver. */
static int fault(const struct askv1_type *type, enum step step)
{
	if (step == STEP_NONE || (READ_ONCE(fault_type.index) && !chosen(&fault_type, type)))
		return 0;
	if (READ_ONCE(hang_step.index) == step && READ_ONCE(hang_killable)) {
		if (schedule_timeout_killable(msecs_to_jiffies(READ_ONCE(hang_ms))))
			return -EINTR;
	} else if (READ_ONCE(hang_step.index) == step) {
		msleep(READ_ONCE(hang_ms));
	}
	if (READ_ONCE(fail_step.index) != step)
		return 0;
	if (READ_ONCE(fail_times) == 1)
		WRITE_ONCE(fail_step.index, STEP_NONE);
	if (READ_ONCE(fail_times))
		WRITE_ONCE(fail_times, fail_times - 1);
	return -(int)clamp(READ_ONCE(fail_errno), 1, MAX_ERRNO);
}

static bool accepts(const struct askv1_type *target, char family, u32 generation)
{
	return family == target->family && generation >= 1 && generation <= target->generation;
}

/* ---- the migration region ---- */

static void make_stream(const struct askv1_device *dev, struct askv1_stream *stream)
{
	memset(stream, 0, sizeof(*stream));
	memcpy(stream->header.magic, "askv1-", 6);
	stream->header.magic[6] = dev->type->family;
	stream->header.major = cpu_to_le32(1);
	stream->header.generation = cpu_to_le32(dev->type->generation);
	stream->header.state_size = cpu_to_le32(STATE_SIZE);
	memcpy(stream->state, dev->state, STATE_SIZE);
}

static bool header_fits(const struct askv1_device *dev, const struct askv1_header *header)
{
	return !memcmp(header->magic, "askv1-", 6) && !header->magic[7] &&
		accepts(dev->type, header->magic[6], le32_to_cpu(header->generation)) &&
		le32_to_cpu(header->major) == 1 && le32_to_cpu(header->state_size) == STATE_SIZE &&
		!memchr_inv(header->zero, 0, sizeof(header->zero));
}

static bool judge_stream(const struct askv1_device *dev, const struct askv1_stream *stream)
{
	switch (READ_ONCE(judge.index)) {
	case JUDGE_MAGIC:
		return !memcmp(stream->header.magic, "askv1-", 6);
	case JUDGE_NOTHING:
		return true;
	case JUDGE_REFUSE:
		return false;
	default:
		return header_fits(dev, &stream->header);
	}
}

static bool saving(const struct askv1_device *dev)
{
	return dev->device_state == PRE_COPY || dev->device_state == STOP_COPY;
}

static void enter_state(struct askv1_device *dev, u32 state)
{
	dev->device_state = state;
	dev->pending = state == PRE_COPY ? sizeof(struct askv1_header) :
		state == STOP_COPY ? sizeof(struct askv1_stream) : 0;
	dev->offered = false;
	dev->loaded = false;
	clear_page(page_address(dev->data));
}

static int set_state(struct askv1_device *dev, u32 state)
{
	static const u8 next[] = {
		[STOP] = BIT(RUNNING) | BIT(STOP_COPY) | BIT(RESUMING),
		[RUNNING] = BIT(STOP) | BIT(STOP_COPY) | BIT(PRE_COPY) | BIT(RESUMING),
		[STOP_COPY] = BIT(STOP) | BIT(RUNNING),
		[PRE_COPY] = BIT(STOP) | BIT(RUNNING) | BIT(STOP_COPY),
		[RESUMING] = BIT(STOP) | BIT(RUNNING),
		[ERROR] = 0,
	};

	if (state > VFIO_DEVICE_STATE_MASK || dev->device_state == ERROR)
		return -EINVAL;
	if (state == dev->device_state)
		return 0;
	if (!(next[dev->device_state] & BIT(state)))
		return -EINVAL;
	if (dev->device_state == RESUMING && !dev->loaded)
		return -EINVAL;
	enter_state(dev, state);
	return 0;
}

/* Handles a read of data_offset: in a saving state, copies the pending data to the data section. */
static u64 offer_data(struct askv1_device *dev)
{
	struct askv1_stream stream;

	if (saving(dev) && dev->pending && !dev->offered) {
		make_stream(dev, &stream);
		memcpy(page_address(dev->data), &stream, dev->pending);
	}
	dev->offered = (saving(dev) && dev->pending) || dev->device_state == RESUMING;
	return DATA_OFFSET;
}

/* Handles a read of pending_bytes: the user has read the offered data. */
static u64 count_pending(struct askv1_device *dev)
{
	if (saving(dev) && dev->offered) {
		dev->pending = 0;
		dev->offered = false;
	}
	return dev->pending;
}

/* Handles a write of data_size: resumes this many bytes of the data section. */
static int take_data(struct askv1_device *dev, u64 size)
{
	struct askv1_stream stream;

	if (dev->device_state != RESUMING || !dev->offered || size > DATA_SIZE)
		return -EINVAL;
	dev->offered = false;
	if (size < sizeof(stream.header))
		return 0;
	/* The user may still write to a mapped section: check the copy that is used. */
	memcpy(&stream, page_address(dev->data), sizeof(stream));
	if (size > sizeof(stream) || !judge_stream(dev, &stream)) {
		if (!dev->type->quiet_refusal)
			return -EINVAL;
		enter_state(dev, ERROR);
		return 0;
	}
	if (size == sizeof(stream)) {
		memcpy(dev->state, stream.state, STATE_SIZE);
		dev->loaded = true;
	}
	return 0;
}

static enum step step_of(u64 offset, const void *buf, size_t count, bool write)
{
	u32 state = 0;

	if (offset >= DATA_OFFSET)
		return write ? STEP_DATA : STEP_READ;
	switch (offset) {
	case offsetof(struct vfio_device_migration_info, device_state):
		if (!write)
			return STEP_STATE;
		memcpy(&state, buf, min(count, sizeof(state)));
		return state == RESUMING ? STEP_RESUMING : state == RUNNING ? STEP_RUNNING : state == STOP ? STEP_STOP :
			state == PRE_COPY || state == STOP_COPY ? STEP_SAVING : STEP_NONE;
	case offsetof(struct vfio_device_migration_info, pending_bytes):
		return STEP_PENDING;
	case offsetof(struct vfio_device_migration_info, data_offset):
		return STEP_OFFSET;
	case offsetof(struct vfio_device_migration_info, data_size):
		return write ? STEP_SIZE : STEP_READ;
	default:
		return STEP_NONE;
	}
}

static int read_field(struct askv1_device *dev, u64 offset, void *buf, size_t count)
{
	u32 *word = buf;
	u64 *quad = buf;

	if (offset == offsetof(struct vfio_device_migration_info, device_state) && count == 4)
		*word = dev->device_state;
	else if (offset == offsetof(struct vfio_device_migration_info, reserved) && count == 4)
		*word = 0;
	else if (offset == offsetof(struct vfio_device_migration_info, pending_bytes) && count == 8)
		*quad = count_pending(dev);
	else if (offset == offsetof(struct vfio_device_migration_info, data_offset) && count == 8)
		*quad = offer_data(dev);
	else if (offset == offsetof(struct vfio_device_migration_info, data_size) && count == 8)
		*quad = saving(dev) && dev->offered ? dev->pending : 0;
	else
		return -EINVAL;
	return 0;
}

static int write_field(struct askv1_device *dev, u64 offset, const void *buf, size_t count)
{
	if (offset == offsetof(struct vfio_device_migration_info, device_state) && count == 4)
		return set_state(dev, *(const u32 *)buf);
	if (offset == offsetof(struct vfio_device_migration_info, data_size) && count == 8)
		return take_data(dev, *(const u64 *)buf);
	return -EINVAL;
}

static int access_data(struct askv1_device *dev, u64 offset, void *buf, size_t count, bool write)
{
	void *data = page_address(dev->data) + (offset - DATA_OFFSET);

	bool resuming = dev->device_state == RESUMING;

	if (!dev->offered || write != resuming || count > DATA_OFFSET + DATA_SIZE - offset)
		return -EINVAL;
	if (write)
		memcpy(data, buf, count);
	else
		memcpy(buf, data, count);
	return 0;
}

static int access_migration(struct askv1_device *dev, u64 offset, void *buf, size_t count, bool write)
{
	int ret = fault(dev->type, step_of(offset, buf, count, write));

	if (ret)
		return ret;
	guard(mutex)(&dev->lock);
	if (offset >= DATA_OFFSET)
		return access_data(dev, offset, buf, count, write);
	return write ? write_field(dev, offset, buf, count) : read_field(dev, offset, buf, count);
}

/* ---- configuration space and BAR0 ---- */

static void put16(u8 *to, u16 value)
{
	*(__le16 *)to = cpu_to_le16(value);
}

static void make_config(struct askv1_device *dev)
{
	static const u8 vendor_capability[] = { PCI_CAP_ID_VNDR, 0, 8, 'a', 's', 'k', 'v', '1' };
	u8 *config = dev->config;

	memset(config, 0, CONFIG_SIZE);
	put16(config + PCI_VENDOR_ID, ASKV1_VENDOR);
	put16(config + PCI_DEVICE_ID, dev->type->pci_device);
	put16(config + PCI_STATUS, PCI_STATUS_CAP_LIST);
	config[PCI_REVISION_ID] = 1;
	put16(config + PCI_CLASS_DEVICE, 0x0880);	/* a system peripheral, other */
	put16(config + PCI_SUBSYSTEM_VENDOR_ID, ASKV1_VENDOR);
	put16(config + PCI_SUBSYSTEM_ID, dev->type->pci_device);
	config[PCI_CAPABILITY_LIST] = 0x40;
	memcpy(config + 0x40, vendor_capability, sizeof(vendor_capability));

	put16(dev->writable + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	*(__le32 *)(dev->writable + PCI_BASE_ADDRESS_0) = cpu_to_le32(~(dev->type->bar_size - 1));
	dev->writable[PCI_INTERRUPT_LINE] = 0xff;
}

static void access_config(struct askv1_device *dev, u64 offset, u8 *buf, size_t count, bool write)
{
	guard(mutex)(&dev->lock);
	for (size_t i = 0; i < count; i++) {
		u8 *byte = &dev->config[offset + i];
		u8 mask = dev->writable[offset + i];

		if (write)
			*byte = (*byte & ~mask) | (buf[i] & mask);
		else
			buf[i] = *byte;
	}
}

static void access_bar(struct askv1_device *dev, u64 offset, u8 *buf, size_t count, bool write)
{
	guard(mutex)(&dev->lock);
	for (size_t i = 0; i < count; i++) {
		u8 *byte = offset + i < STATE_SIZE ? &dev->state[offset + i] : NULL;

		if (!write)
			buf[i] = byte ? *byte : 0;
		else if (byte)
			*byte = buf[i];
	}
}

/* ---- the VFIO device ---- */

/* The migration region is the last one. */
static u32 num_regions(void)
{
	return READ_ONCE(migration) ? NUM_REGIONS : MIGRATION_REGION;
}

static void fill_region_info(const struct askv1_type *type, struct vfio_region_info *info)
{
	info->offset = REGION_OFFSET(info->index);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	switch (info->index) {
	case VFIO_PCI_CONFIG_REGION_INDEX:
		info->size = CONFIG_SIZE;
		break;
	case VFIO_PCI_BAR0_REGION_INDEX:
		info->size = type->bar_size;
		break;
	case MIGRATION_REGION:
		info->size = DATA_OFFSET + DATA_SIZE;
		if (type->mappable)
			info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
		break;
	default:
		info->size = 0;
		info->flags = 0;
	}
}

static ssize_t access_region(struct askv1_device *dev, u32 index, u64 offset, void *buf, size_t count, bool write)
{
	struct vfio_region_info info = { .index = index };
	int ret = 0;

	if (index >= num_regions())
		return -EINVAL;
	fill_region_info(dev->type, &info);
	if (offset >= info.size)
		return -EINVAL;
	if (index == MIGRATION_REGION) {
		ret = access_migration(dev, offset, buf, count, write);
	} else {
		count = min_t(u64, count, info.size - offset);
		if (index == VFIO_PCI_CONFIG_REGION_INDEX)
			access_config(dev, offset, buf, count, write);
		else
			access_bar(dev, offset, buf, count, write);
	}
	return ret ?: count;
}

static ssize_t askv1_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos)
{
	struct askv1_device *dev = container_of(vdev, struct askv1_device, vdev);
	u64 at = *ppos;
	ssize_t ret;
	void *copy;

	count = min_t(size_t, count, DATA_SIZE);
	copy = kzalloc(max_t(size_t, count, 8), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	ret = access_region(dev, at >> OFFSET_SHIFT, at & (REGION_OFFSET(1) - 1), copy, count, false);
	if (ret > 0 && copy_to_user(buf, copy, ret))
		ret = -EFAULT;
	if (ret > 0)
		*ppos += ret;
	kfree(copy);
	return ret;
}

static ssize_t askv1_write(struct vfio_device *vdev, const char __user *buf, size_t count, loff_t *ppos)
{
	struct askv1_device *dev = container_of(vdev, struct askv1_device, vdev);
	u64 at = *ppos;
	ssize_t ret;
	void *copy;

	count = min_t(size_t, count, DATA_SIZE);
	copy = memdup_user(buf, count);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	ret = access_region(dev, at >> OFFSET_SHIFT, at & (REGION_OFFSET(1) - 1), copy, count, true);
	if (ret > 0)
		*ppos += ret;
	kfree(copy);
	return ret;
}

static int askv1_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct askv1_device *dev = container_of(vdev, struct askv1_device, vdev);

	if (!dev->type->mappable || !(vma->vm_flags & VM_SHARED) || vma->vm_end - vma->vm_start != DATA_SIZE ||
	    vma->vm_pgoff != (REGION_OFFSET(MIGRATION_REGION) + DATA_OFFSET) >> PAGE_SHIFT)
		return -EINVAL;
	return vm_insert_page(vma, vma->vm_start, dev->data);
}

static long get_info(void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = num_regions();
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int add_capabilities(const struct askv1_type *type, struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_type cap_type = {
		.header.id = VFIO_REGION_INFO_CAP_TYPE,
		.header.version = 1,
		.type = VFIO_REGION_TYPE_MIGRATION_DEPRECATED,
		.subtype = VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED,
	};
	struct {
		struct vfio_region_info_cap_sparse_mmap cap;
		struct vfio_region_sparse_mmap_area area;
	} sparse = {
		.cap.header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP,
		.cap.header.version = 1,
		.cap.nr_areas = 1,
		.area = { .offset = DATA_OFFSET, .size = DATA_SIZE },
	};
	int ret = 0;

	if (type->mappable)
		ret = vfio_info_add_capability(caps, &sparse.cap.header, sizeof(sparse));
	return ret ?: vfio_info_add_capability(caps, &cap_type.header, sizeof(cap_type));
}

static long get_region_info(const struct askv1_device *dev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_info_cap caps = {};
	struct vfio_region_info info;
	long ret = 0;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= num_regions())
		return -EINVAL;
	info.cap_offset = 0;
	fill_region_info(dev->type, &info);
	if (info.index == MIGRATION_REGION) {
		ret = add_capabilities(dev->type, &caps);
		if (ret)
			goto out;
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info.argsz < sizeof(info) + caps.size) {
			info.argsz = sizeof(info) + caps.size;
		} else {
			vfio_info_cap_shift(&caps, sizeof(info));
			info.cap_offset = sizeof(info);
			if (copy_to_user(arg + sizeof(info), caps.buf, caps.size))
				ret = -EFAULT;
		}
	}
	if (!ret && copy_to_user(arg, &info, minsz))
		ret = -EFAULT;
out:
	kfree(caps.buf);
	return ret;
}

static long get_irq_info(void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info.flags = 0;
	info.count = 0;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static void reset(struct askv1_device *dev)
{
	guard(mutex)(&dev->lock);
	make_config(dev);
	memset(dev->state, 0, STATE_SIZE);
	enter_state(dev, RUNNING);
}

static long askv1_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct askv1_device *dev = container_of(vdev, struct askv1_device, vdev);
	int ret;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info((void __user *)arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(dev, (void __user *)arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info((void __user *)arg);
	case VFIO_DEVICE_RESET:
		ret = fault(dev->type, STEP_RESET);
		if (ret)
			return ret;
		if (READ_ONCE(refuse_reset))
			return -EIO;
		reset(dev);
		return 0;
	default:
		return -ENOTTY;
	}
}

static int askv1_open(struct vfio_device *vdev)
{
	struct askv1_device *dev = container_of(vdev, struct askv1_device, vdev);
	int ret = fault(dev->type, STEP_OPEN);

	if (!ret && !READ_ONCE(keep_state))
		reset(dev);
	return ret;
}

static int askv1_init(struct vfio_device *vdev)
{
	struct askv1_device *dev = container_of(vdev, struct askv1_device, vdev);

	dev->type = container_of(to_mdev_device(vdev->dev)->type, struct askv1_type, type);
	dev->data = alloc_page(GFP_KERNEL);
	if (!dev->data)
		return -ENOMEM;
	mutex_init(&dev->lock);
	reset(dev);
	return 0;
}

static void askv1_release(struct vfio_device *vdev)
{
	struct askv1_device *dev = container_of(vdev, struct askv1_device, vdev);

	mutex_destroy(&dev->lock);
	put_page(dev->data);
}

static const struct vfio_device_ops askv1_ops = {
	.name = "askv1",
	.init = askv1_init,
	.release = askv1_release,
	.open_device = askv1_open,
	.read = askv1_read,
	.write = askv1_write,
	.ioctl = askv1_ioctl,
	.mmap = askv1_mmap,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

/* ---- the version attributes ---- */

static ssize_t show_version(const struct askv1_type *type, char *buf)
{
	int ret = fault(type, STEP_READ_VERSION);

	if (ret)
		return ret;
	return chosen(&not_migratable, type) ? -ENODEV : sysfs_emit(buf, "%s\n", type->version);
}

static ssize_t store_version(const struct askv1_type *type, const char *buf, size_t count)
{
	int ret = fault(type, STEP_WRITE_VERSION);

	if (ret)
		return ret;
	if (chosen(&not_migratable, type))
		return -ENODEV;
	for (size_t i = 0; i < ARRAY_SIZE(askv1_types); i++) {
		const struct askv1_type *source = &askv1_types[i];

		if (source->version && accepts(type, source->family, source->generation) &&
		    strlen(buf) == count && sysfs_streq(buf, source->version))
			return count;
	}
	return -EINVAL;
}

/* As in drivers/vfio/mdev/mdev_sysfs.c: the core's sysfs_ops treat each file of a type as one of these. */
struct mdev_type_attribute {
	struct attribute attr;
	ssize_t (*show)(struct mdev_type *mtype, struct mdev_type_attribute *attr, char *buf);
	ssize_t (*store)(struct mdev_type *mtype, struct mdev_type_attribute *attr, const char *buf, size_t count);
};

static ssize_t type_version_show(struct mdev_type *mtype, struct mdev_type_attribute *attr, char *buf)
{
	return show_version(container_of(mtype, struct askv1_type, type), buf);
}

static ssize_t type_version_store(struct mdev_type *mtype, struct mdev_type_attribute *attr, const char *buf,
				  size_t count)
{
	return store_version(container_of(mtype, struct askv1_type, type), buf, count);
}

static struct mdev_type_attribute type_version = {
	.attr.mode = 0644,
	.show = type_version_show,
	.store = type_version_store,
};

/* The core removes them with the type. */
static int create_type_attributes(void)
{
	if (attribute.index == ATTRIBUTE_VFIO_MIGRATION_VERSION || attribute.index == ATTRIBUTE_NONE)
		return 0;
	type_version.attr.name = attribute.index == ATTRIBUTE_VERSION ? "version" : "migration_version";
	for (size_t i = 0; i < ARRAY_SIZE(askv1_types); i++) {
		int ret = askv1_types[i].version ? sysfs_create_file(&askv1_types[i].type.kobj, &type_version.attr) : 0;

		if (ret)
			return ret;
	}
	return 0;
}

static const struct askv1_type *type_of(struct device *dev)
{
	return container_of(to_mdev_device(dev)->type, struct askv1_type, type);
}

static ssize_t device_version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_version(type_of(dev), buf);
}

static ssize_t device_version_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	return store_version(type_of(dev), buf, count);
}

static ssize_t vfio_migration_type_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", type_names[type_of(dev) - askv1_types + 1]);
}

static DEVICE_ATTR(migration_version, 0644, device_version_show, device_version_store);
static DEVICE_ATTR(vfio_migration_version, 0644, device_version_show, device_version_store);
static DEVICE_ATTR_RO(vfio_migration_type);

static struct attribute *device_attrs[] = {
	&dev_attr_migration_version.attr,
	&dev_attr_vfio_migration_version.attr,
	&dev_attr_vfio_migration_type.attr,
	NULL,
};

static umode_t device_attr_is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	int needed = attr == &dev_attr_migration_version.attr ? ATTRIBUTE_MIGRATION_VERSION :
		ATTRIBUTE_VFIO_MIGRATION_VERSION;

	return type_of(kobj_to_dev(kobj))->version && attribute.index == needed ? attr->mode : 0;
}

static const struct attribute_group device_group = {
	.attrs = device_attrs,
	.is_visible = device_attr_is_visible,
};

static const struct attribute_group *device_groups[] = { &device_group, NULL };

/* ---- the mediated driver ---- */

static int askv1_probe(struct mdev_device *mdev)
{
	struct askv1_device *dev = vfio_alloc_device(askv1_device, vdev, &mdev->dev, &askv1_ops);
	int ret;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	ret = vfio_register_emulated_iommu_dev(&dev->vdev);
	if (ret) {
		vfio_put_device(&dev->vdev);
		return ret;
	}
	dev_set_drvdata(&mdev->dev, dev);
	return 0;
}

static void askv1_remove(struct mdev_device *mdev)
{
	struct askv1_device *dev = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&dev->vdev);
	vfio_put_device(&dev->vdev);
}

static ssize_t show_description(struct mdev_type *mtype, char *buf)
{
	const struct askv1_type *type = container_of(mtype, struct askv1_type, type);

	return sysfs_emit(buf, "askv1: family %c, generation %u\n", type->family, type->generation);
}

static struct mdev_driver askv1_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.max_instances = ASKV1_INSTANCES,
	.probe = askv1_probe,
	.remove = askv1_remove,
	.show_description = show_description,
	.driver = {
		.name = "askv1",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = device_groups,
	},
};

static struct class *askv1_class;	/* the core prefixes type names with the class name */
static struct device *parent_device;
static struct mdev_parent parent;

static int __init askv1_module_init(void)
{
	static struct mdev_type *types[ARRAY_SIZE(askv1_types)];
	int ret;

	for (size_t i = 0; i < ARRAY_SIZE(askv1_types); i++)
		types[i] = &askv1_types[i].type;

	ret = mdev_register_driver(&askv1_driver);
	if (ret)
		return ret;
	askv1_class = class_create("askv1");
	ret = PTR_ERR_OR_ZERO(askv1_class);
	if (ret)
		goto unregister_driver;
	parent_device = device_create(askv1_class, NULL, MKDEV(0, 0), NULL, "askv1");
	ret = PTR_ERR_OR_ZERO(parent_device);
	if (ret)
		goto destroy_class;
	ret = mdev_register_parent(&parent, parent_device, &askv1_driver, types, ARRAY_SIZE(types));
	if (ret)
		goto unregister_device;
	ret = create_type_attributes();
	if (ret)
		goto unregister_parent;
	return 0;

unregister_parent:
	mdev_unregister_parent(&parent);
unregister_device:
	device_unregister(parent_device);
destroy_class:
	class_destroy(askv1_class);
unregister_driver:
	mdev_unregister_driver(&askv1_driver);
	return ret;
}

static void __exit askv1_module_exit(void)
{
	mdev_unregister_parent(&parent);
	device_unregister(parent_device);
	class_destroy(askv1_class);
	mdev_unregister_driver(&askv1_driver);
}

module_init(askv1_module_init);
module_exit(askv1_module_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Mediated devices with migration regions and version attributes, for tests");
MODULE_AUTHOR("the vfio-ask authors");
