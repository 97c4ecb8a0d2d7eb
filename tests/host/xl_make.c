// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_make.c: tests of making and ending guests, against a fake hypervisor and
 * a fake store: what comes out is right, and whatever single operation fails
 * on the way, nothing is left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <dirent.h>
#include <poll.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <uuid/uuid.h>

#include <abi/core.h>
#include <abi/sched.h>
#include <abi/x86/pv.h>

#include "build/kernel_file.h"
#include "daemon/console_wait.h"
#include "daemon/dev_late.h"
#include "daemon/guest.h"
#include "daemon/guest_device.h"
#include "daemon/request.h"
#include "lib/hv_domain.h"
#include "lib/log.h"
#include "xl_elf.h"
#include "xl_fake.h"

struct fake_counts *fake;

static char folder[] = "/tmp/xl_make.XXXXXX";
static char state_dir[64], guests_dir[80], kernel[64], ramdisk[64];
static struct toolstack ts;
static struct strbuf answer;

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static int set_up(void **state)
{
	static struct test_elf elf;
	struct test_kernel k = test_kernel_linux();

	(void)state;
	log_set_level(LOG_L_ERROR);
	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!mkdtemp(folder))
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", folder);
	snprintf(guests_dir, sizeof(guests_dir), "%s/guests", state_dir);
	snprintf(kernel, sizeof(kernel), "%s/vmlinux", folder);
	snprintf(ramdisk, sizeof(ramdisk), "%s/initrd", folder);
	test_elf_make(&elf, &k);
	write_file(kernel, elf.data, elf.len);
	write_file(ramdisk, "this is the ramdisk", 19);
	ts.state_dir = state_dir;
	ts.device_ms = 300;
	ts.loop = ev_new();
	ts.hv = fake_hv_open();
	ts.xs = fake_store_open();
	return 0;
}

static int tear_down(void **state)
{
	char command[96];

	(void)state;
	strbuf_free(&answer);
	ev_timer_cancel(&ts.idle);
	kernel_shelf_clear();
	ev_free(ts.loop);
	hv_close(ts.hv);
	fake_store_close(ts.xs);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static unsigned int state_files(void)
{
	DIR *dir = opendir(guests_dir);
	struct dirent *e;
	unsigned int count = 0;

	while (dir && (e = readdir(dir)))
		count += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

static void on_answer(struct requester *who, const struct strbuf *text)
{
	(void)who;
	strbuf_reset(&answer);
	strbuf_adds(&answer, text->data);
}

/* One round of the daemon's loop: what the store says, and timers. */
static void one_round(void)
{
	struct pollfd p = { .fd = xsc_fd(ts.xs), .events = POLLIN };

	ev_run_once(ts.loop, 0);
	if (!xsc_pending(ts.xs))
		poll(&p, 1, 5);
	assert_int_equal(store_events(&ts), 0);
}

/* Until nothing waits for devices any more. */
static void settle(void)
{
	while (ts.waits || ts.makings)
		one_round();
}

/* Asks the daemon's request table; true for "ok". */
static bool ask(const char *fmt, ...)
{
	struct requester who = { .answer = on_answer };
	char text[1024];
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strbuf_reset(&answer);
	request_handle(&ts, text, &who);
	while (!answer.len)
		one_round();
	ok = strstr(answer.data, "\"ok\":true") != NULL;
	if (!ok && !fake->fail_at)
		printf("answer: %s\n", answer.data);
	settle();
	return ok;
}

static bool create(const char *more)
{
	return ask("{\"op\":\"create\",\"config\":{\"name\":\"g\",\"kernel\":\"%s\",\"ramdisk\":\"%s\",\"memory\":32,\"extra\":\"quiet\"%s}}",
		   kernel, ramdisk, more);
}

/*
 * The store sees by itself that an introduced domain was destroyed, and says
 * so to others; of one that was released before it would say nothing.
 */
static void expect_nothing_left(void)
{
	assert_int_equal(fake->domains, 0);
	assert_int_equal(fake->frames, 0);
	assert_int_equal(fake->maps, 0);
	assert_int_equal(fake->ports, 0);
	assert_int_equal(fake->running, 0);
	assert_int_equal(fake->nodes, 0);
	assert_int_equal(fake->devices, 0);
	assert_int_equal(fake->watches, 0);
	assert_int_equal(fake->released, 0);
	assert_null(ts.waits);
	assert_true(fake->buffers <= 1);	/* the scratch page */
	assert_int_equal(state_files(), 0);
	assert_null(ts.guests);
}

/* Follows the guest's own page tables, from the registers it was given. */
static const uint8_t *guest_memory(uint64_t va)
{
	const struct vcpu_guest_context *v = fake_vcpu();
	uint64_t frame = v->ctrlreg[3] >> 12;

	for (int shift = 39; shift >= 12; shift -= 9) {
		const uint64_t *table = fake_frame(frame);
		uint64_t entry = table[va >> shift & 511];

		assert_int_equal(entry & 1, 1);
		frame = entry >> 12;
	}
	return (const uint8_t *)fake_frame(frame) + (va & 4095);
}

static void makes_a_guest(void **state)
{
	const struct vcpu_guest_context *v;
	const struct start_info *si;
	const uint64_t *p2m;

	(void)state;
	assert_true(create(""));
	assert_int_equal(fake->domains, 1);
	assert_int_equal(fake->running, 1);
	assert_int_equal(fake->maps, 0);
	assert_int_equal(fake->pinned, 1);
	assert_int_equal(fake->introduced, 1);
	assert_int_equal(state_files(), 1);
	v = fake_vcpu();
	assert_int_equal(*guest_memory(v->user_regs.rip), 1);
	assert_int_equal(*guest_memory(v->user_regs.rip + 5), 6);
	/* Beyond the file the kernel's memory is zero. */
	assert_int_equal(*guest_memory(v->user_regs.rip + 0x5000), 0);
	assert_int_equal(*guest_memory(v->user_regs.rip + 0x3000), 0);
	si = (const struct start_info *)guest_memory(v->user_regs.rsi);
	assert_string_equal((const char *)si->cmd_line, "quiet");
	assert_int_equal(si->nr_pages, 32 << 8);
	p2m = (const uint64_t *)guest_memory(si->mfn_list);
	assert_memory_equal(fake_frame(p2m[si->mod_start]),
			    "this is the ramdisk", 20);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
}

/* Memory that is zero is not cleared again, what is not sure to be is. */
static void clears_what_may_not_be_zero(void **state)
{
	(void)state;
	for (unsigned int zeroes = 0; zeroes < 2; zeroes++) {
		fake->zeroes = zeroes;
		fake->cleared = 0;
		assert_true(create(""));
		assert_int_equal(!fake->cleared, zeroes);
		assert_int_equal(*guest_memory(fake_vcpu()->user_regs.rip +
					       0x5000), 0);
		assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
		expect_nothing_left();
	}
	fake->zeroes = 0;
}

/*
 * Fails each operation in turn.  Some are not needed (clearing pages by
 * hypercall has another way), so the guest may be made all the same.
 */
static void undoes_every_failure(void **state)
{
	unsigned int undone = 0, all;

	(void)state;
	fake->ops = 0;
	assert_true(create(""));
	all = fake->ops;
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	for (unsigned int n = 1; n <= all; n++) {
		fake->ops = 0;
		fake->fail_at = n;
		if (create("")) {
			fake->fail_at = 0;
			assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
		} else {
			undone++;
		}
		fake->fail_at = 0;
		expect_nothing_left();
	}
	print_message("%u of %u single failures undone\n", undone, all);
	assert_true(undone > 80 && all - undone < 5);
}

/* ---- devices ---- */

#define DEVICES ",\"disk\":[\"/images/a.raw,,xvda\",\",,hdc,cdrom\"],"      \
		"\"vif\":[\"bridge=br0\",\"ip=10.0.0.7,script=vif-nat\"]"

static void brings_devices_up(void **state)
{
	unsigned int nodes;
	uint8_t mac[6];

	(void)state;
	assert_true(create(""));
	nodes = fake->nodes;
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
	assert_true(create(DEVICES));
	assert_int_equal(fake->devices, 4);
	assert_int_equal(fake->running, 1);
	assert_true(fake->nodes > nodes + 4 * 15);
	/* What was made up is kept over a reboot. */
	memcpy(mac, ts.guests->config.vifs.nic[0].mac, sizeof(mac));
	assert_int_equal(mac[0] << 16 | mac[1] << 8 | mac[2], 0x00163e);
	fake_shutdown(ts.guests->domid, SHUTDOWN_reboot);
	guests_check(&ts);
	settle();
	assert_int_equal(fake->domains, 1);
	assert_int_equal(fake->devices, 4);
	assert_memory_equal(ts.guests->config.vifs.nic[0].mac, mac, 6);
	fake_shutdown(ts.guests->domid, SHUTDOWN_poweroff);
	guests_check(&ts);
	settle();
	expect_nothing_left();
}

static void tells_why_a_device_failed(void **state)
{
	(void)state;
	fake->devd = DEVD_REFUSES;
	fake->fail_at = UINT32_MAX;
	assert_false(create(DEVICES));
	assert_non_null(strstr(answer.data, "bringing up its devices: disk xvda: IMAGE is used by guest foo"));
	expect_nothing_left();
	fake->devd = DEVD_SILENT;
	assert_false(create(DEVICES));
	assert_non_null(strstr(answer.data, "Start it there with: parvis-devd"));
	expect_nothing_left();
	fake->devd = DEVD_WORKS;
	assert_false(create(",\"disk\":[\"/a,,xvda,backend=nobody\"]"));
	assert_non_null(strstr(answer.data, "no domain \\\"nobody\\\""));
	fake->fail_at = 0;
	expect_nothing_left();
}

/* Others are served while a guest waits for its devices. */
static void serves_others_meanwhile(void **state)
{
	struct requester who = { .answer = on_answer };
	struct request *waits;
	char text[512];

	(void)state;
	fake->fail_at = UINT32_MAX;
	fake->devd = DEVD_SILENT;
	snprintf(text, sizeof(text),
		 "{\"op\":\"create\",\"config\":{\"name\":\"slow\",\"kernel\":\"%s\",\"memory\":32,\"vif\":[\"\"]}}",
		 kernel);
	strbuf_reset(&answer);
	waits = request_handle(&ts, text, &who);
	while (!ts.waits)
		one_round();
	assert_non_null(waits);
	assert_int_equal(answer.len, 0);
	assert_null(request_handle(&ts, "{\"op\":\"ping\"}", &who));
	assert_non_null(strstr(answer.data, "parvisd"));
	/* Its name is taken, and it cannot be ended half-made. */
	strbuf_reset(&answer);
	assert_null(request_handle(&ts, text, &who));
	assert_non_null(strstr(answer.data, "being made just now"));
	assert_null(request_handle(&ts, "{\"op\":\"destroy\",\"domain\":\"1\"}", &who));
	/* Whoever asked may go. */
	request_abandon(waits);
	settle();
	fake->devd = DEVD_WORKS;
	fake->fail_at = 0;
	expect_nothing_left();
}

/* A device that was up and is closed again has been set up: whoever looks
 * later than its guest does not wait for it in vain.  Nor is one let go of
 * because its guest has closed it. */
static void sees_what_was_closed_at_once(void **state)
{
	unsigned int before = fake->let_go;

	(void)state;
	fake->devd = DEVD_HASTY;
	assert_true(create(DEVICES));
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	assert_int_equal(fake->let_go - before, 4);
	fake->devd = DEVD_WORKS;
	expect_nothing_left();
}

/* A backend that does not let go holds up nobody for ever. */
static void gives_up_on_a_held_device(void **state)
{
	(void)state;
	assert_true(create(DEVICES));
	fake->devd = DEVD_KEEPS;
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	fake->devd = DEVD_WORKS;
	expect_nothing_left();
}

static void undoes_every_failure_with_devices(void **state)
{
	unsigned int undone = 0, all;

	(void)state;
	fake->ops = 0;
	assert_true(create(DEVICES));
	all = fake->ops;
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	for (unsigned int n = 1; n <= all; n++) {
		fake->ops = 0;
		fake->fail_at = n;
		if (create(DEVICES)) {
			fake->fail_at = 0;
			assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
		} else {
			undone++;
		}
		fake->fail_at = 0;
		expect_nothing_left();
	}
	print_message("%u of %u single failures undone\n", undone, all);
	assert_true(undone > 180);
}

/* ---- plugging while the guest runs ---- */

static bool answer_has(const char *text)
{
	if (strstr(answer.data, text))
		return true;
	print_message("\"%s\" is not in %s\n", text, answer.data);
	return false;
}

/* A restart has the devices that the guest had. */
static void reboot_guest(void)
{
	fake_shutdown(ts.guests->domid, SHUTDOWN_reboot);
	guests_check(&ts);
	settle();
	assert_non_null(ts.guests);
	assert_int_equal(fake->domains, 1);
}

static void plugs_devices(void **state)
{
	(void)state;
	assert_true(create(DEVICES));
	assert_true(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"/b.raw,,xvdb,r\"}"));
	assert_true(answer_has("\"devid\":51728"));
	assert_true(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"vif\":{\"bridge\":\"br1\"}}"));
	assert_true(answer_has("\"devid\":2"));
	assert_int_equal(fake->devices, 6);
	reboot_guest();
	assert_int_equal(fake->devices, 6);
	assert_true(ask("{\"op\":\"device-detach\",\"domain\":\"g\",\"disk\":\"xvda\"}"));
	assert_true(ask("{\"op\":\"device-detach\",\"domain\":\"g\",\"disk\":\"51728\"}"));
	assert_true(ask("{\"op\":\"device-detach\",\"domain\":\"g\",\"vif\":\"1\"}"));
	assert_int_equal(fake->devices, 3);
	reboot_guest();
	assert_int_equal(fake->devices, 3);
	assert_int_equal(ts.guests->config.disks.count, 1);
	assert_int_equal(ts.guests->config.vifs.count, 2);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
}

/* Whatever fails while a device is plugged, the guest is as it was. */
static void undoes_a_failed_plug(void **state)
{
	static const char attach[] = "{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"/b.raw,,xvdb\"}";
	static const char detach[] = "{\"op\":\"device-detach\",\"domain\":\"g\",\"disk\":\"xvdb\"}";
	unsigned int nodes, all, undone = 0;

	(void)state;
	assert_true(create(DEVICES));
	nodes = fake->nodes;
	fake->ops = 0;
	assert_true(ask("%s", attach));
	all = fake->ops;
	assert_true(ask("%s", detach));
	for (unsigned int n = 1; n <= all; n++) {
		bool there;

		fake->ops = 0;
		fake->fail_at = n;
		there = ask("%s", attach);
		fake->fail_at = 0;
		undone += !there;
		assert_int_equal(fake->devices, there ? 5 : 4);
		assert_int_equal(ts.guests->config.disks.count, there ? 3 : 2);
		assert_true(!there || ask("%s", detach));
		assert_int_equal(fake->nodes, nodes);
		assert_int_equal(fake->watches, 0);
	}
	print_message("%u of %u single failures undone\n", undone, all);
	assert_true(undone > 40 && undone < all);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
}

static void refuses_to_plug(void **state)
{
	unsigned int nodes;

	(void)state;
	fake->fail_at = UINT32_MAX;
	assert_true(create(DEVICES));
	nodes = fake->nodes;
	assert_false(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"/b.raw,,xvda\"}"));
	assert_true(answer_has("has a disk xvda already"));
	assert_false(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"/b.raw,,xvdx,q\"}"));
	assert_true(answer_has("access"));
	assert_false(ask("{\"op\":\"device-attach\",\"domain\":\"g\"}"));
	assert_false(ask("{\"op\":\"device-detach\",\"domain\":\"g\",\"disk\":\"xvdq\"}"));
	assert_true(answer_has("has no disk xvdq: it has disk"));
	fake->devd = DEVD_REFUSES;
	assert_false(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"/b.raw,,xvdb\"}"));
	assert_true(answer_has("disk xvdb: IMAGE is used by guest foo"));
	fake->devd = DEVD_KEEPS;
	assert_false(ask("{\"op\":\"device-detach\",\"domain\":\"g\",\"disk\":\"xvda\"}"));
	assert_true(answer_has("the guest has not given disk xvda back"));
	assert_int_equal(fake->nodes, nodes);
	/* Who insists gets it. */
	assert_true(ask("{\"op\":\"device-detach\",\"domain\":\"g\",\"disk\":\"xvda\",\"force\":true}"));
	fake->devd = DEVD_WORKS;
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	fake->fail_at = 0;
	expect_nothing_left();
}

/*
 * A disk that its guest still uses stays, and goes when it is given back: then
 * its place is free, and a restart does not bring it back.
 */
static void takes_what_is_given_back_late(void **state)
{
	static const char detach[] = "{\"op\":\"device-detach\",\"domain\":\"g\",\"disk\":\"xvda\"}";
	unsigned int nodes;

	(void)state;
	assert_true(create(DEVICES));
	assert_true(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"/b.raw,,xvdb,r\"}"));
	nodes = fake->nodes;
	fake->fail_at = UINT32_MAX;
	fake->devd = DEVD_KEEPS;
	assert_false(ask("%s", detach));
	assert_false(ask("%s", detach));
	assert_int_equal(fake->watches, 1);
	assert_int_equal(fake->nodes, nodes);
	assert_int_equal(ts.guests->config.disks.count, 3);
	fake->devd = DEVD_WORKS;
	/* Any request makes the store's daemon look. */
	assert_true(ask("{\"op\":\"device-request\",\"domain\":\"g\",\"disk\":\"xvdb\",\"word\":\"stats\"}"));
	while (ts.late)
		one_round();
	settle();
	assert_int_equal(fake->devices, 4);
	assert_int_equal(fake->watches, 0);
	assert_int_equal(ts.guests->config.disks.count, 2);
	reboot_guest();
	assert_int_equal(fake->devices, 4);
	assert_true(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"/b.raw,,xvda,r,lock=shared\"}"));
	assert_int_equal(fake->devices, 5);
	/* What is gone with its guest is expected no longer. */
	fake->devd = DEVD_KEEPS;
	assert_false(ask("%s", detach));
	assert_non_null(ts.late);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	while (ts.late)
		one_round();
	fake->devd = DEVD_WORKS;
	fake->fail_at = 0;
	expect_nothing_left();
}

/* A daemon that is started anew finds what an earlier one has asked for. */
static void finds_what_was_asked_for(void **state)
{
	char path[96];

	(void)state;
	assert_true(create(DEVICES));
	/* Nothing yet. */
	dev_late_adopt(&ts, ts.guests->domid);
	while (ts.late)
		one_round();
	assert_int_equal(fake->devices, 4);
	fake->devd = DEVD_KEEPS;
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path),
			 "/local/domain/0/backend/pvbd/%u/51712/%s",
			 ts.guests->domid, i ? "state" : "online");
		assert_int_equal(xsc_write(ts.xs, XSC_NO_TX, path,
					   i ? "5" : "0"), 0);
	}
	dev_late_adopt(&ts, ts.guests->domid);
	for (unsigned int i = 0; i < 8; i++)
		one_round();
	assert_non_null(ts.late);
	assert_int_equal(fake->watches, 1);
	fake->devd = DEVD_WORKS;
	assert_true(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"/b.raw,,xvdz,r\"}"));
	while (ts.late)
		one_round();
	settle();
	assert_int_equal(fake->devices, 4);
	assert_false(ask("{\"op\":\"device-detach\",\"domain\":\"g\",\"disk\":\"xvda\"}"));
	assert_true(answer_has("has no disk xvda"));
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
}

static void asks_backends(void **state)
{
	struct stat st;

	(void)state;
	assert_true(create(",\"disk\":[\"/a,,xvda\",\",,hdc,cdrom\",\"/k,,xvdk,backendtype=phy\"]"));
	assert_true(ask("{\"op\":\"device-request\",\"domain\":\"g\",\"disk\":\"xvda\",\"word\":\"stats\"}"));
	assert_true(answer_has("\"reply\":{\"rd_req\":5,\"wr_req\":7}"));
	assert_true(ask("{\"op\":\"device-request\",\"domain\":\"g\",\"disk\":\"xvda\",\"word\":\"replace\"}"));
	assert_true(ask("{\"op\":\"media\",\"domain\":\"g\",\"disk\":\"hdc\",\"target\":\"/cd.iso\"}"));
	reboot_guest();
	assert_string_equal(ts.guests->config.disks.disk[1].target, "/cd.iso");
	assert_true(ask("{\"op\":\"media\",\"domain\":\"g\",\"disk\":\"hdc\",\"target\":\"\"}"));
	assert_null(ts.guests->config.disks.disk[1].target);
	fake->fail_at = UINT32_MAX;
	assert_false(ask("{\"op\":\"media\",\"domain\":\"g\",\"disk\":\"xvda\",\"target\":\"\"}"));
	assert_true(answer_has("no drive with removable media"));
	assert_false(ask("{\"op\":\"device-request\",\"domain\":\"g\",\"disk\":\"xvdk\",\"word\":\"stats\"}"));
	assert_true(answer_has("kernel's backend"));
	fake->devd = DEVD_KEEPS;
	assert_false(ask("{\"op\":\"device-request\",\"domain\":\"g\",\"disk\":\"xvda\",\"word\":\"stats\"}"));
	assert_true(answer_has("no medium"));
	fake->devd = DEVD_WORKS;
	/* A file grows; it does not shrink. */
	assert_true(ask("{\"op\":\"device-attach\",\"domain\":\"g\",\"disk\":\"%s,,xvdf\"}", ramdisk));
	assert_true(ask("{\"op\":\"block-resize\",\"domain\":\"g\",\"disk\":\"xvdf\",\"bytes\":1024}"));
	assert_int_equal(stat(ramdisk, &st), 0);
	assert_int_equal(st.st_size, 1024);
	assert_false(ask("{\"op\":\"block-resize\",\"domain\":\"g\",\"disk\":\"xvdf\",\"bytes\":512}"));
	assert_true(ask("{\"op\":\"block-resize\",\"domain\":\"g\",\"disk\":\"xvdf\"}"));
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	write_file(ramdisk, "this is the ramdisk", 19);
	fake->fail_at = 0;
	expect_nothing_left();
}

/* What a daemon left behind is ended by the next. */
static void sweeps_up(void **state)
{
	uint32_t domid;

	(void)state;
	assert_true(create(DEVICES));
	domid = ts.guests->domid;
	hv_domain_destroy(ts.hv, domid);
	guest_state_remove(&ts, ts.guests->uuid);
	guest_store_remove_vm(&ts, ts.guests->uuid);
	guest_forget(&ts, ts.guests);
	devices_sweep(&ts);
	settle();
	expect_nothing_left();
}

static void acts_on_ends(void **state)
{
	uint32_t first;

	(void)state;
	assert_true(create(",\"on_reboot\":\"restart\",\"on_crash\":\"rename-restart\",\"on_poweroff\":\"preserve\""));
	first = ts.guests->domid;
	fake_shutdown(first, SHUTDOWN_reboot);
	guests_check(&ts);
	assert_non_null(ts.guests);
	assert_int_not_equal(ts.guests->domid, first);
	assert_int_equal(fake->domains, 1);
	fake_shutdown(ts.guests->domid, SHUTDOWN_crash);
	guests_check(&ts);
	assert_int_equal(fake->domains, 2);
	assert_string_equal(ts.guests->name, "g");
	assert_true(ts.guests->next->preserved);
	assert_int_equal(state_files(), 2);
	fake_shutdown(ts.guests->domid, SHUTDOWN_poweroff);
	guests_check(&ts);
	assert_true(ts.guests->preserved);
	assert_int_equal(fake->domains, 2);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"%u\"}",
			ts.guests->domid));
	expect_nothing_left();
}

/* How often the newest guest crashes until it is kept as it is. */
static int crashes_until_kept(void)
{
	int crashes = 0;

	while (!ts.guests->preserved && crashes < 50) {
		fake_shutdown(ts.guests->domid, SHUTDOWN_crash);
		guests_check(&ts);
		crashes++;
	}
	return crashes;
}

static void stops_restarting_in_vain(void **state)
{
	(void)state;
	assert_true(create(",\"on_crash\":\"restart\""));
	assert_int_equal(crashes_until_kept(), 5);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
}

/* Nor does one fill the memory with what it leaves behind. */
static void stops_setting_aside(void **state)
{
	(void)state;
	assert_true(create(",\"memory\":24,\"on_crash\":\"rename-restart\""));
	assert_int_equal(crashes_until_kept(), 5);
	assert_int_equal(fake->domains, 5);
	while (ts.guests)
		assert_true(ask("{\"op\":\"destroy\",\"domain\":\"%u\"}",
				ts.guests->domid));
	expect_nothing_left();
}

/* What the hypervisor refuses is not asked for again without end. */
static void gives_up_on_the_undying(void **state)
{
	(void)state;
	assert_true(create(",\"on_poweroff\":\"destroy\""));
	fake_shutdown(ts.guests->domid, SHUTDOWN_poweroff);
	fake->undying = 1;
	guests_check(&ts);
	guests_check(&ts);
	fake->undying = 0;
	assert_non_null(ts.guests);
	assert_true(ts.guests->preserved);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
}

/* A domain that took over a late guest's number is nobody's to destroy. */
static void spares_who_has_the_number_now(void **state)
{
	uint32_t domid;
	unsigned int vm, nodes;

	(void)state;
	for (int way = 0; way < 2; way++) {
		assert_true(create(""));
		domid = ts.guests->domid;
		nodes = fake->nodes;
		guest_store_remove_vm(&ts, ts.guests->uuid);
		vm = nodes - fake->nodes;
		assert_true(vm > 0 && vm < nodes);
		fake_replace(domid);
		fake_shutdown(domid, SHUTDOWN_crash);
		if (way)
			guests_check(&ts);
		else
			assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
		assert_null(ts.guests);
		assert_int_equal(fake->domains, 1);
		assert_int_equal(fake->nodes, nodes - vm);
		assert_int_equal(state_files(), 0);
		assert_true(ask("{\"op\":\"destroy\",\"domain\":\"%u\"}",
				domid));
		expect_nothing_left();
	}
}

/* A running guest's file is kept, also when it cannot be understood. */
static void damage_is_not_adopted(void)
{
	char path[160], uuid[UUID_STR_LEN];
	struct guest *g = ts.guests;

	uuid_unparse_lower(g->uuid, uuid);
	snprintf(path, sizeof(path), "%s/%s.json", guests_dir, uuid);
	write_file(path, "{}", 2);
	ts.guests = NULL;
	guests_adopt(&ts);
	assert_null(ts.guests);
	assert_int_equal(state_files(), 1);
	ts.guests = g;
}

/* Another daemon takes the guests over from the files. */
static void adopts_guests(void **state)
{
	uint32_t domid;

	(void)state;
	assert_true(create(",\"on_poweroff\":\"preserve\""));
	assert_true(ask("{\"op\":\"rename\",\"domain\":\"g\",\"name\":\"h\"}"));
	domid = ts.guests->domid;
	guest_forget(&ts, ts.guests);
	guests_adopt(&ts);
	assert_non_null(ts.guests);
	assert_int_equal(ts.guests->domid, domid);
	assert_string_equal(ts.guests->name, "h");
	assert_string_equal(ts.guests->config.name, "h");
	assert_int_equal(ts.guests->config.on_poweroff, ACTION_PRESERVE);
	damage_is_not_adopted();
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"h\"}"));
	expect_nothing_left();
	/* A file without its domain is of an earlier life. */
	write_file(strcat(guests_dir,
			  "/6c64b1f2-27a3-4f0f-9c2e-3f6e8d1a9b55.json"),
		   "{}", 2);
	*strrchr(guests_dir, '/') = '\0';
	guests_adopt(&ts);
	expect_nothing_left();
}

static void refuses_requests(void **state)
{
	static const char *const bad[] = {
		"", "5", "{}", "{\"op\":5}", "{\"op\":\"fly\"}",
		"{\"op\":\"destroy\"}",
		"{\"op\":\"pause\",\"domain\":\"7\"}",
		"{\"op\":\"create\"}",
		"{\"op\":\"create\",\"config\":{\"name\":\"g\"}}",
		"{\"op\":\"create\",\"config\":{\"name\":\"Domain-0\",\"kernel\":\"/k\"}}",
		"{\"op\":\"create\",\"config\":{\"name\":\"g\",\"kernel\":\"/nowhere\"}}",
	};

	(void)state;
	fake->fail_at = UINT32_MAX;	/* silence */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ask("%s", bad[i]));
	assert_true(create(""));
	assert_false(create(""));	/* the name is taken */
	/* Its number, but for what 32 bits do not hold. */
	assert_false(ask("{\"op\":\"destroy\",\"domain\":\"%llu\"}",
			 (1ull << 32) + ts.guests->domid));
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	assert_false(create(",\"memory\":4"));
	assert_false(create(",\"memory\":4096"));
	expect_nothing_left();
	fake->fail_at = 0;
}

/* ---- what takes its time ---- */

struct late {
	struct requester who;
	bool done, ok;
};

static void on_late(struct requester *who, const struct strbuf *text)
{
	struct late *l = container_of(who, struct late, who);

	assert_false(l->done);
	l->done = true;
	l->ok = strstr(text->data, "\"ok\":true") != NULL;
}

/* Asks for a guest and sees it being made; true if it was. */
static bool create_later(const char *path, void (*meanwhile)(void))
{
	struct late l = { .who.answer = on_late };
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"op\":\"create\",\"config\":{\"name\":\"g\",\"kernel\":\"%s\",\"memory\":32}}",
		 path);
	assert_non_null(request_handle(&ts, text, &l.who));
	assert_false(l.done);
	meanwhile();
	while (!l.done)
		one_round();
	assert_int_equal(fake->watches, 0);
	return l.ok;
}

/* Nothing of the guest is to be seen; its name is taken all the same. */
static void still_unpacking(void)
{
	struct requester who = { .answer = on_answer };
	char text[512];

	assert_int_equal(fake->domains, 0);
	assert_null(request_handle(&ts, "{\"op\":\"ping\"}", &who));
	assert_non_null(strstr(answer.data, "\"ok\":true"));
	snprintf(text, sizeof(text),
		 "{\"op\":\"create\",\"config\":{\"name\":\"g\",\"kernel\":\"%s\",\"memory\":32}}",
		 kernel);
	assert_null(request_handle(&ts, text, &who));
	assert_non_null(strstr(answer.data, "being made"));
}

static void serves_others_while_unpacking(void **state)
{
	char command[256], packed[80];

	(void)state;
	snprintf(packed, sizeof(packed), "%s.gz", kernel);
	snprintf(command, sizeof(command), "gzip -k '%s'", kernel);
	assert_int_equal(system(command), 0);
	assert_true(create_later(packed, still_unpacking));
	assert_int_equal(fake->running, 1);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
	/* One that turns out to be damaged. */
	snprintf(command, sizeof(command),
		 "printf damage | dd of='%s' bs=1 seek=60 conv=notrunc status=none",
		 packed);
	assert_int_equal(system(command), 0);
	assert_false(create_later(packed, still_unpacking));
	expect_nothing_left();
	assert_int_equal(unlink(packed), 0);
}

static void not_running_yet(void)
{
	assert_int_equal(fake->domains, 1);
	assert_int_equal(fake->running, 0);
	assert_null(ts.guests);
}

/* It must not end before anybody could hear its last words. */
static void starts_when_its_console_is_read(void **state)
{
	(void)state;
	console_wait_ms = 60000;
	fake->reads_consoles = 1;
	assert_true(create_later(kernel, not_running_yet));
	assert_int_equal(fake->running, 1);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
	/* Or when nobody seems to read it at all. */
	console_wait_ms = 30;
	fake->reads_consoles = 0;
	assert_true(create_later(kernel, not_running_yet));
	assert_int_equal(fake->running, 1);
	assert_true(ask("{\"op\":\"destroy\",\"domain\":\"g\"}"));
	expect_nothing_left();
	console_wait_ms = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_guest),
		cmocka_unit_test(clears_what_may_not_be_zero),
		cmocka_unit_test(undoes_every_failure),
		cmocka_unit_test(brings_devices_up),
		cmocka_unit_test(tells_why_a_device_failed),
		cmocka_unit_test(serves_others_meanwhile),
		cmocka_unit_test(sees_what_was_closed_at_once),
		cmocka_unit_test(gives_up_on_a_held_device),
		cmocka_unit_test(undoes_every_failure_with_devices),
		cmocka_unit_test(plugs_devices),
		cmocka_unit_test(undoes_a_failed_plug),
		cmocka_unit_test(refuses_to_plug),
		cmocka_unit_test(takes_what_is_given_back_late),
		cmocka_unit_test(finds_what_was_asked_for),
		cmocka_unit_test(asks_backends),
		cmocka_unit_test(sweeps_up),
		cmocka_unit_test(acts_on_ends),
		cmocka_unit_test(stops_restarting_in_vain),
		cmocka_unit_test(stops_setting_aside),
		cmocka_unit_test(gives_up_on_the_undying),
		cmocka_unit_test(spares_who_has_the_number_now),
		cmocka_unit_test(adopts_guests),
		cmocka_unit_test(refuses_requests),
		cmocka_unit_test(serves_others_while_unpacking),
		cmocka_unit_test(starts_when_its_console_is_read),
	};

	return cmocka_run_group_tests_name("xl_make", tests, set_up, tear_down);
}
