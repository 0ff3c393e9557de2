/*
 * The yardstick of a preflight: only the system calls that vfio-ask makes to test an idle mtty through its group.
 *
 *   preflight GROUP DEVICE COUNT      prints the average microseconds of COUNT preflights
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) { perror(what); exit(1); }
#define MUST(call) ({ long result = (call); if (result < 0) die(#call); result; })

struct state { struct vfio_device_feature header; struct vfio_device_feature_mig_state state; };

static int feature(int fd, void *argument) { return ioctl(fd, VFIO_DEVICE_FEATURE, argument); }

static unsigned get_state(int fd)
{
	struct state s = { { sizeof s, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE } };
	MUST(feature(fd, &s));
	return s.state.device_state;
}

static int set_state(int fd, unsigned state)
{
	struct state s = { { sizeof s, VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE }, { state, -1 } };
	MUST(feature(fd, &s));
	return s.state.data_fd;
}

static unsigned char initial[4096];
static size_t initial_bytes;

static void preflight(const char *group_path, const char *device)
{
	struct vfio_group_status status = { sizeof status };
	struct vfio_device_info info = { sizeof info };
	struct { struct vfio_device_feature header; struct vfio_device_feature_migration flags; } flags = {
		{ sizeof flags, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIGRATION } };
	struct vfio_precopy_info precopy = { sizeof precopy };
	unsigned char config[256];
	unsigned long long config_offset = 0;
	int group = MUST(open(group_path, O_RDWR | O_CLOEXEC)), container, fd, data;

	MUST(ioctl(group, VFIO_GROUP_GET_STATUS, &status));
	container = MUST(open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC));
	MUST(ioctl(container, VFIO_GET_API_VERSION));
	MUST(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container));
	MUST(ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU));
	MUST(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	fd = MUST(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device));

	MUST(ioctl(fd, VFIO_DEVICE_GET_INFO, &info));
	for (unsigned i = 0; i < info.num_regions; i++) {
		struct vfio_region_info region = { .argsz = sizeof region, .index = i };
		ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &region);
		if (i == VFIO_PCI_CONFIG_REGION_INDEX) config_offset = region.offset;
	}
	MUST(feature(fd, &flags));
	get_state(fd);
	MUST(pread(fd, config, 255, config_offset));

	data = set_state(fd, VFIO_DEVICE_STATE_PRE_COPY);
	MUST(ioctl(data, VFIO_MIG_GET_PRECOPY_INFO, &precopy));
	initial_bytes = MUST(read(data, initial, precopy.initial_bytes));
	close(data);
	set_state(fd, VFIO_DEVICE_STATE_RUNNING);
	set_state(fd, VFIO_DEVICE_STATE_STOP);
	data = set_state(fd, VFIO_DEVICE_STATE_RESUMING);
	MUST(write(data, initial, initial_bytes));
	close(data);
	get_state(fd);
	MUST(ioctl(fd, VFIO_DEVICE_RESET));
	if (get_state(fd) != VFIO_DEVICE_STATE_RUNNING) die("not RUNNING");
	close(fd);
	close(container);
	close(group);
}

int main(int argc, char **argv)
{
	int count = argc == 4 ? atoi(argv[3]) : 0;
	struct timespec from, to;

	if (count < 1) { fprintf(stderr, "usage: preflight GROUP DEVICE COUNT\n"); return 2; }
	preflight(argv[1], argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < count; i++) preflight(argv[1], argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.1f\n", ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / 1e3 / count);
	return 0;
}
