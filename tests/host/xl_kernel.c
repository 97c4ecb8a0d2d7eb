// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_kernel.c: tests of reading kernels: ELF, notes, bzImage, packings, and
 * the cache of unpacked ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include <cmocka.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <lib/decompress.h>

#include "build/kernel_file.h"
#include "build/unpack.h"
#include "xl_elf.h"

static struct test_elf elf;
static struct kernel_image image;

/* Reads what test_elf_make() makes of @k; the reason is in *@fail. */
static int read_kernel(const struct test_kernel *k, struct fail *fail)
{
	memset(fail, 0, sizeof(*fail));
	test_elf_make(&elf, k);
	return kernel_image_read(&image, elf.data, elf.len, fail);
}

static void reads_linux(void **state)
{
	struct test_kernel k = test_kernel_linux();
	struct fail fail;

	(void)state;
	assert_int_equal(read_kernel(&k, &fail), 0);
	assert_int_equal(image.virt_base, 0xffffffff80000000);
	assert_int_equal(image.start, 0xffffffff81000000);
	assert_int_equal(image.end, 0xffffffff81009000);
	assert_int_equal(image.entry, 0xffffffff81000000);
	assert_true(image.has_init_p2m);
	assert_true(image.unmapped_ramdisk);
}

static void trims_zeros(void **state)
{
	struct test_kernel k = test_kernel_tiny();
	struct fail fail;

	(void)state;
	assert_int_equal(read_kernel(&k, &fail), 0);
	memset(elf.data + TEST_ELF_CODE + 0x1008, 0, 0x1008);
	kernel_image_trim(&image);
	assert_int_equal(image.segments[0].file_size, 0x1008);
	assert_int_equal(image.segments[0].mem_size, 0x4000);
}

/* One kernel that must be refused, and a word of the reason. */
static void refused(const struct test_kernel *k, const char *word)
{
	struct fail fail;

	assert_int_not_equal(read_kernel(k, &fail), 0);
	if (!strstr(fail.text, word))
		fail_msg("\"%s\" does not say \"%s\"", fail.text, word);
}

static void refuses_wrong_kernels(void **state)
{
	struct test_kernel k = test_kernel_linux();

	(void)state;
	k.no_notes = true;
	refused(&k, "CONFIG_XEN_PV");
	k = test_kernel_linux();
	k.xen_version = "xen-9.9";
	refused(&k, "xen-9.9");
	k = test_kernel_linux();
	k.loader = "special";
	refused(&k, "special");
	k = test_kernel_linux();
	k.features = "!telepathy";
	refused(&k, "telepathy");
	k = test_kernel_linux();
	k.features = "!auto_translated_physmap";
	refused(&k, "auto_translated_physmap");
	k = test_kernel_linux();
	k.entry_offset = 0x9000;
	refused(&k, "entry point");
	k = test_kernel_linux();
	k.hypercall_offset = 0x9000;
	refused(&k, "hypercall page");
	k.hypercall_offset = 0x800;
	refused(&k, "hypercall page");
	k = test_kernel_linux();
	k.virt_base = 0xffff800000000000;
	refused(&k, "cannot have");
	k.virt_base = 0x0000900000000000;
	refused(&k, "cannot have");
	k.virt_base = 0xffffffffc0001000;
	refused(&k, "cannot have");
	k = test_kernel_linux();
	k.init_p2m = 0xffff850000000000;
	refused(&k, "frame list");
	k = test_kernel_linux();
	k.mem_size = 1ull << 30;
	refused(&k, "first GiB");
	k.mem_size = UINT64_MAX;
	refused(&k, "wraps");
}

/* Every cut of a good file is read or refused, and never read past its end. */
static void survives_cuts(void **state)
{
	struct test_kernel k = test_kernel_linux();

	(void)state;
	test_elf_make(&elf, &k);
	for (size_t len = 0; len < elf.len; len++) {
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, elf.data, len);
		assert_int_not_equal(kernel_image_read(&image, copy, len, NULL),
				     0);
		free(copy);
	}
	assert_int_equal(kernel_image_read(&image, elf.data, elf.len, NULL), 0);
}

/* ---- packings ---- */

static uint8_t packed[65536];

static size_t pack(enum pack kind)
{
	size_t used = 0;
	z_stream z = { 0 };

	switch (kind) {
	case PACK_NONE:
		memcpy(packed, elf.data, elf.len);
		return elf.len;
	case PACK_XZ:
		assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32,
							 NULL, elf.data,
							 elf.len, packed, &used,
							 sizeof(packed)),
				 LZMA_OK);
		return used;
	case PACK_ZSTD:
		return ZSTD_compress(packed, sizeof(packed), elf.data, elf.len,
				     1);
	default:
		assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, 0),
				 Z_OK);
		z.next_in = elf.data;
		z.avail_in = (uInt)elf.len;
		z.next_out = packed;
		z.avail_out = sizeof(packed);
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		used = z.total_out;
		deflateEnd(&z);
		return used;
	}
}

static void unpacks_each_kind(void **state)
{
	static const enum pack kinds[] = { PACK_GZIP, PACK_XZ, PACK_ZSTD };
	struct test_kernel k = test_kernel_linux();

	(void)state;
	test_elf_make(&elf, &k);
	for (size_t i = 0; i < 3; i++) {
		size_t len = pack(kinds[i]), out_len;
		struct packed in;
		uint8_t *out;

		assert_int_equal(unpack_probe(packed, len, &in, NULL), 0);
		assert_int_equal(in.kind, kinds[i]);
		assert_false(packed_is_plain(&in));
		assert_int_equal(unpack(&in, &out, &out_len, NULL), 0);
		assert_int_equal(out_len, elf.len);
		assert_memory_equal(out, elf.data, elf.len);
		unpack_drop(out, out_len);
		/* Cut short, it is damaged; not a crash, not a kernel. */
		in.len = len / 2;
		assert_int_not_equal(unpack(&in, &out, &out_len, NULL), 0);
	}
}

/* The framing of Linux's LZ4 payloads, by hand: "ab" repeated. */
static void unpacks_lz4(void **state)
{
	static const uint8_t file[] = {
		0x02, 0x21, 0x4c, 0x18,
		9, 0, 0, 0,
		0x24, 'a', 'b', 2, 0,		/* 2 literals, 8 back by 2 */
		0x30, 'x', 'y', 'z',		/* 3 literals, the end */
	};
	struct packed in;
	uint8_t *out;
	size_t len;

	(void)state;
	assert_int_equal(unpack_probe(file, sizeof(file), &in, NULL), 0);
	assert_int_equal(in.kind, PACK_LZ4);
	assert_int_equal(unpack(&in, &out, &len, NULL), 0);
	assert_int_equal(len, 13);
	assert_memory_equal(out, "ababababab" "xyz", 13);
	unpack_drop(out, len);
}

static void refuses_bad_lz4(void **state)
{
	/* A match that reaches before the beginning. */
	static const uint8_t file[] = { 0x02, 0x21, 0x4c, 0x18, 5, 0, 0, 0,
					0x14, 'a', 9, 0, 0x10, 0, 0, 0, 0 };
	struct packed in;
	uint8_t *out;
	size_t len;

	(void)state;
	assert_int_equal(unpack_probe(file, sizeof(file), &in, NULL), 0);
	assert_int_not_equal(unpack(&in, &out, &len, NULL), 0);
}

/* A bzImage around @len bytes of payload, of which the last four are made. */
static size_t make_bzimage(uint8_t *to, const uint8_t *payload, uint32_t len)
{
	uint32_t offset = 64;

	memset(to, 0, 2048);
	to[0x1f1] = 1;
	memcpy(to + 0x202, "HdrS", 4);
	to[0x206] = 0x0f;
	to[0x207] = 0x02;
	memcpy(to + 0x248, &offset, 4);
	memcpy(to + 0x24c, &len, 4);
	memcpy(to + 1024 + offset, payload, len - 4);
	/* Linux ends the payload with the unpacked size. */
	memcpy(to + 1024 + offset + len - 4, &(uint32_t){ (uint32_t)elf.len },
	       4);
	return 1024 + offset + len;
}

static void finds_bzimage_payload(void **state)
{
	static uint8_t file[80000];
	struct test_kernel k = test_kernel_linux();
	struct packed in;
	size_t len;

	(void)state;
	test_elf_make(&elf, &k);
	len = pack(PACK_XZ);
	len = make_bzimage(file, packed, (uint32_t)len + 4);
	assert_int_equal(unpack_probe(file, len, &in, NULL), 0);
	assert_int_equal(in.kind, PACK_XZ);
	assert_int_equal(in.room, elf.len);
	assert_int_not_equal(unpack_probe(file, len - 1, &in, NULL), 0);
	memset(file + 0x248, 0xff, 8);
	assert_int_not_equal(unpack_probe(file, len, &in, NULL), 0);
}

static void names_foreign_packings(void **state)
{
	struct fail fail = { 0 };
	struct packed in;

	(void)state;
	assert_int_not_equal(unpack_probe((const uint8_t *)"BZh91AY", 7, &in,
					  &fail), 0);
	assert_non_null(strstr(fail.text, "bzip2"));
	memset(&fail, 0, sizeof(fail));
	assert_int_not_equal(unpack_probe((const uint8_t *)"hello", 5, &in,
					  &fail), 0);
	assert_non_null(strstr(fail.text, "right file"));
}

/* ---- files and the cache ---- */

static char folder[] = "/tmp/xl_kernel.XXXXXX";
static char path[64], cache[64];

static void write_file_of(enum pack kind)
{
	struct test_kernel k = test_kernel_linux();
	FILE *f = fopen(path, "we");
	size_t len;

	test_elf_make(&elf, &k);
	len = pack(kind);
	assert_non_null(f);
	assert_int_equal(fwrite(packed, 1, len, f), len);
	fclose(f);
}

static void write_kernel(void)
{
	write_file_of(PACK_GZIP);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/vmlinuz", folder);
	snprintf(cache, sizeof(cache), "%s/cache", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* True if the kernel came without being unpacked. */
static bool opened_from_cache(void)
{
	struct kernel_file file;
	bool from_cache;

	assert_int_equal(kernel_file_open(&file, path, cache, NULL), 0);
	assert_int_equal(file.image.entry, 0xffffffff81000000);
	from_cache = !file.unpacked;
	kernel_file_close(&file);
	return from_cache;
}

static void caches_unpacked_kernels(void **state)
{
	char command[160];

	(void)state;
	write_kernel();
	assert_false(opened_from_cache());
	assert_true(opened_from_cache());
	/* One flipped byte in the entry: the kernel is unpacked again. */
	snprintf(command, sizeof(command),
		 "for f in '%s'/kernel-*; do printf X | dd of=$f bs=1 seek=9000 conv=notrunc status=none; done",
		 cache);
	assert_int_equal(system(command), 0);
	assert_false(opened_from_cache());
	assert_true(opened_from_cache());
	/* Another kernel under the same name finds no entry. */
	unlink(path);
	write_kernel();
	assert_false(opened_from_cache());
	/* Old entries make room: never more than eight. */
	for (int i = 0; i < 12; i++) {
		unlink(path);
		write_kernel();
		assert_false(opened_from_cache());
		assert_true(opened_from_cache());
	}
	snprintf(command, sizeof(command), "test $(ls '%s' | wc -l) = 8",
		 cache);
	assert_int_equal(system(command), 0);
	/* A cache that others can write is not used. */
	snprintf(command, sizeof(command), "chmod 777 '%s'", cache);
	assert_int_equal(system(command), 0);
	assert_false(opened_from_cache());
}

/* Cutting a kernel short that others can write harms nobody. */
static void copies_what_others_can_write(void **state)
{
	struct kernel_file file;
	uint8_t sum = 0;

	(void)state;
	write_file_of(PACK_NONE);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(kernel_file_open(&file, path, NULL, NULL), 0);
	assert_null(file.bytes.map);
	assert_int_equal(truncate(path, 0), 0);
	for (size_t i = 0; i < file.image.len; i += 4096)
		sum |= file.image.data[i];
	assert_int_not_equal(sum, 0);
	kernel_file_close(&file);
	unlink(path);
	/* One that only its user can write needs no copy. */
	write_file_of(PACK_NONE);
	assert_int_equal(kernel_file_open(&file, path, NULL, NULL), 0);
	assert_non_null(file.bytes.map);
	assert_null(file.bytes.heap);
	kernel_file_close(&file);
	unlink(path);
}

/* ---- the helper ---- */

/* Nothing of the helper or of its files may stay. */
static unsigned int descriptors(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A line of /proc about the process of @pidfd; zombies have it too. */
static bool process_says(int pidfd, const char *line)
{
	char name[64], text[4096];
	size_t len;
	long pid = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", pidfd);
	f = fopen(name, "re");
	assert_non_null(f);
	while (fgets(text, sizeof(text), f))
		sscanf(text, "Pid: %ld", &pid);
	fclose(f);
	snprintf(name, sizeof(name), "/proc/%ld/status", pid);
	f = fopen(name, "re");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	return strstr(text, line) != NULL;
}

/* What the helper of @job is while it computes; false if it was too quick. */
static bool confined(const struct kernel_job *job)
{
	struct pollfd ended = { .fd = kernel_job_fd(job), .events = POLLIN };

	while (!process_says(ended.fd, "Seccomp:\t2\n")) {
		if (poll(&ended, 1, 0))
			return false;
	}
	assert_int_equal(pidfd_send_signal(ended.fd, SIGSTOP, NULL, 0), 0);
	assert_true(process_says(ended.fd, "NoNewPrivs:\t1\n"));
	if (!geteuid()) {
		assert_true(process_says(ended.fd,
					 "Uid:\t65534\t65534\t65534\t65534\n"));
		assert_true(process_says(ended.fd, "Groups:\t \n"));
		assert_true(process_says(ended.fd,
					 "CapEff:\t0000000000000000\n"));
	}
	assert_int_equal(pidfd_send_signal(ended.fd, SIGCONT, NULL, 0), 0);
	return true;
}

static void helper_has_no_rights(void **state)
{
	char command[400];
	bool seen = false;

	(void)state;
	write_file_of(PACK_NONE);
	/* Large enough to be seen at it. */
	snprintf(command, sizeof(command),
		 "head -c 16000000 /dev/urandom >>'%s' && gzip -1 -S .z '%s' && mv '%s.z' '%s'",
		 path, path, path, path);
	assert_int_equal(system(command), 0);
	for (int tries = 0; !seen && tries < 20; tries++) {
		struct kernel_file file;
		struct kernel_job *job;

		assert_int_equal(kernel_file_begin(&file, &job, path, NULL,
						   NULL), 0);
		assert_non_null(job);
		seen = confined(job);
		assert_int_equal(kernel_file_finish(&file, job, NULL), 0);
		assert_true(file.unpacked);
		assert_int_equal(file.image.entry, 0xffffffff81000000);
		kernel_file_close(&file);
	}
	assert_true(seen);
	unlink(path);
}

/* Whatever ends the helper, the daemon goes on, and says so. */
static void survives_the_helper(void **state)
{
	unsigned int before = descriptors();
	struct kernel_file file;
	struct kernel_job *job;
	struct fail fail = { 0 };
	char command[96];

	(void)state;
	write_file_of(PACK_XZ);
	snprintf(command, sizeof(command), "rm -rf '%s'", cache);
	assert_int_equal(system(command), 0);
	assert_int_equal(kernel_file_begin(&file, &job, path, cache, &fail), 0);
	assert_int_equal(pidfd_send_signal(kernel_job_fd(job), SIGKILL, NULL,
					   0), 0);
	/* It may have been done already: then there is nothing to see. */
	if (kernel_file_finish(&file, job, &fail)) {
		assert_non_null(strstr(fail.text, path));
		assert_non_null(strstr(fail.text, "signal 9"));
		snprintf(command, sizeof(command), "test -z \"$(ls '%s')\"",
			 cache);
		assert_int_equal(system(command), 0);
	} else {
		kernel_file_close(&file);
	}
	assert_int_equal(descriptors(), before);
	unlink(path);
}

/* A kernel without a cache that takes it is unpacked all the same. */
static void needs_no_cache(void **state)
{
	unsigned int before = descriptors();
	struct kernel_file file;
	FILE *f;

	(void)state;
	write_file_of(PACK_GZIP);
	f = fopen(cache, "we");
	if (f)		/* a file where the folder should be */
		fclose(f);
	assert_int_equal(kernel_file_open(&file, path, cache, NULL), 0);
	assert_true(file.unpacked);
	assert_int_equal(file.image.entry, 0xffffffff81000000);
	kernel_file_close(&file);
	assert_int_equal(descriptors(), before);
	unlink(cache);
	unlink(path);
}

/* Packed twice is well; without end is refused. */
static void unpacks_in_layers(void **state)
{
	struct test_kernel k = test_kernel_linux();
	struct kernel_file file;
	struct fail fail = { 0 };

	(void)state;
	test_elf_make(&elf, &k);
	for (int layers = 1; layers <= 4; layers++) {
		size_t len = pack(PACK_GZIP);
		FILE *f = fopen(path, "we");
		int rc;

		assert_non_null(f);
		assert_int_equal(fwrite(packed, 1, len, f), len);
		fclose(f);
		rc = kernel_file_open(&file, path, NULL, &fail);
		assert_int_equal(rc, layers < 4 ? 0 : -ENOEXEC);
		kernel_file_close(&file);
		assert_true(len <= sizeof(elf.data));
		memcpy(elf.data, packed, len);
		elf.len = len;
	}
	assert_non_null(strstr(fail.text, "times over"));
	unlink(path);
}

/* ---- the shelf ---- */

struct test_wait {
	struct kernel_wait wait;
	unsigned int calls;
	bool end_at_once;
};

static void on_ready(struct kernel_wait *wait)
{
	struct test_wait *w = container_of(wait, struct test_wait, wait);

	w->calls++;
	if (w->end_at_once)
		kernel_wait_end(wait);
}

static int begin(struct test_wait *w, struct evloop *loop, struct fail *fail)
{
	*w = (struct test_wait){ .wait.ready = on_ready,
				 .end_at_once = w->end_at_once };
	return kernel_wait_begin(&w->wait, loop, path, NULL, fail);
}

static void shelf_follows_the_file(void **state)
{
	const struct kernel_file *a, *b;
	struct test_wait v = { 0 }, w = { 0 };

	(void)state;
	write_kernel();
	assert_int_equal(begin(&v, NULL, NULL), 1);
	assert_int_equal(begin(&w, NULL, NULL), 1);
	a = kernel_wait_result(&v.wait, NULL);
	b = kernel_wait_result(&w.wait, NULL);
	assert_ptr_equal(a, b);
	kernel_wait_end(&w.wait);
	unlink(path);
	write_kernel();
	assert_int_equal(begin(&w, NULL, NULL), 1);
	b = kernel_wait_result(&w.wait, NULL);
	assert_ptr_not_equal(a, b);
	kernel_wait_end(&v.wait);
	kernel_wait_end(&w.wait);
	kernel_shelf_clear();
}

/* Many want one kernel: one process unpacks it, and all are told. */
static void shares_one_unpacking(void **state)
{
	struct evloop *loop = ev_new();
	struct test_wait w[6] = { [2].end_at_once = true };
	unsigned int before = descriptors(), one;

	(void)state;
	write_kernel();
	assert_int_equal(begin(&w[0], loop, NULL), 0);
	one = descriptors();
	for (int i = 1; i < 5; i++)
		assert_int_equal(begin(&w[i], loop, NULL), 0);
	assert_int_equal(descriptors(), one);
	/* One of them loses its patience. */
	kernel_wait_end(&w[1].wait);
	while (!w[0].calls)
		assert_int_equal(ev_run_once(loop, 10000), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(w[i].calls, i != 1);
	assert_int_equal(begin(&w[5], loop, NULL), 1);
	for (int i = 3; i < 6; i++)
		assert_ptr_equal(kernel_wait_result(&w[i].wait, NULL),
				 kernel_wait_result(&w[0].wait, NULL));
	for (int i = 0; i < 6; i++)
		kernel_wait_end(&w[i].wait);
	kernel_shelf_clear();
	assert_int_equal(descriptors(), before);
	ev_free(loop);
	unlink(path);
}

/* A bad kernel is everybody's disappointment, and not kept. */
static void tells_all_of_a_failure(void **state)
{
	struct evloop *loop = ev_new();
	struct test_wait w[3] = { [1].end_at_once = true };
	unsigned int before = descriptors();
	FILE *f;

	(void)state;
	write_kernel();
	f = fopen(path, "r+e");
	assert_non_null(f);
	assert_int_equal(fseek(f, 60, SEEK_SET), 0);
	assert_int_equal(fwrite("damage", 1, 6, f), 6);
	fclose(f);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(begin(&w[i], loop, NULL), 0);
		while (!w[0].calls)
			assert_int_equal(ev_run_once(loop, 10000), 0);
		for (int i = 0; i < 3; i += 2) {
			struct fail fail = { 0 };

			assert_int_equal(w[i].calls, 1);
			assert_null(kernel_wait_result(&w[i].wait, &fail));
			assert_non_null(strstr(fail.text, path));
			assert_non_null(strstr(fail.text, "damaged"));
			kernel_wait_end(&w[i].wait);
		}
	}
	assert_int_equal(descriptors(), before);
	ev_free(loop);
	unlink(path);
}

/* Nobody waits any more: the kernel is unpacked for the next. */
static void finishes_what_was_begun(void **state)
{
	struct evloop *loop = ev_new();
	struct test_wait w = { 0 };
	int rc;

	(void)state;
	write_kernel();
	assert_int_equal(begin(&w, loop, NULL), 0);
	kernel_wait_end(&w.wait);
	while (!(rc = begin(&w, loop, NULL))) {
		kernel_wait_end(&w.wait);
		assert_int_equal(ev_run_once(loop, 10000), 0);
	}
	assert_int_equal(rc, 1);
	kernel_wait_end(&w.wait);
	kernel_shelf_clear();
	ev_free(loop);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_linux),
		cmocka_unit_test(trims_zeros),
		cmocka_unit_test(refuses_wrong_kernels),
		cmocka_unit_test(survives_cuts),
		cmocka_unit_test(unpacks_each_kind),
		cmocka_unit_test(unpacks_lz4),
		cmocka_unit_test(refuses_bad_lz4),
		cmocka_unit_test(finds_bzimage_payload),
		cmocka_unit_test(names_foreign_packings),
		cmocka_unit_test(caches_unpacked_kernels),
		cmocka_unit_test(copies_what_others_can_write),
		cmocka_unit_test(helper_has_no_rights),
		cmocka_unit_test(survives_the_helper),
		cmocka_unit_test(needs_no_cache),
		cmocka_unit_test(unpacks_in_layers),
		cmocka_unit_test(shelf_follows_the_file),
		cmocka_unit_test(shares_one_unpacking),
		cmocka_unit_test(tells_all_of_a_failure),
		cmocka_unit_test(finishes_what_was_begun),
	};

	return cmocka_run_group_tests_name("xl_kernel", tests, make_folder,
					   remove_folder);
}
