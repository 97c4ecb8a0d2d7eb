// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From what the loader left to struct bootinfo.  The two multiboot formats
 * have a reader each; what is the same for both is here: checked copies,
 * modules, the naming habits of loaders, the memory map's last form.
 *
 * Owns bootinfo, which nobody changes after boot but the dom0 builder, when it
 * takes modules over.  Runs before the allocator, on one CPU.
 */
#include <boot/bootinfo_priv.h>
#include <boot/memmap.h>
#include <lib/str.h>

struct bootinfo bootinfo;

int loader_bad(const struct loader_data *l, const char *why)
{
	*l->why = why;
	return -EINVAL;
}

int loader_read(const struct loader_data *l, void *dst, paddr_t p, size_t len,
		const char *what)
{
	const void *src;

	if (p == 0 || p + len < p)
		return loader_bad(l, what);
	src = l->phys(p, len);
	if (!src)
		return loader_bad(l, what);
	memcpy(dst, src, len);
	return 0;
}

int loader_string(const struct loader_data *l, char *dst, size_t size,
		  paddr_t p, const char *what)
{
	for (size_t i = 0; i < size; i++) {
		if (loader_read(l, &dst[i], p + i, 1, what)) {
			dst[i] = '\0';
			return -EINVAL;
		}
		if (dst[i] == '\0')
			return 0;
	}
	dst[size - 1] = '\0';
	return 0;
}

int loader_module(const struct loader_data *l, paddr_t start, paddr_t end,
		  const char *cmdline)
{
	struct boot_module *m;

	if (l->out->module_count >= BOOT_MODULES_MAX)
		return loader_bad(l, "too many modules");
	if (end < start)
		return loader_bad(l, "a module ends before it starts");
	m = &l->out->modules[l->out->module_count++];
	m->start = start;
	m->end = end;
	str_copy(m->cmdline, cmdline, sizeof(m->cmdline));
	return 0;
}

/*
 * GRUB 2 puts only arguments into the strings; older loaders, and QEMU, put
 * the file's name before them.  GRUB 0.9x calls itself "GRUB 0.97".
 */
static bool loader_omits_names(const char *loader)
{
	return strncmp(loader, "GRUB ", 5) == 0 && loader[5] != '\0' &&
	       loader[5] != '0';
}

/* Drop leading blanks and, if @has_name, the first word. */
static void strip_name(char *s, bool has_name)
{
	char *p = s;

	while (*p == ' ')
		p++;
	while (has_name && *p != ' ' && *p != '\0')
		p++;
	while (*p == ' ')
		p++;
	memmove(s, p, strlen(p) + 1);
}

static void strip_names(struct bootinfo *b)
{
	bool has_name = !loader_omits_names(b->loader);

	strip_name(b->cmdline, has_name);
	for (unsigned int i = 0; i < b->module_count; i++)
		strip_name(b->modules[i].cmdline, has_name);
}

int bootinfo_parse(uint32_t magic, paddr_t info,
		   const void *(*phys)(paddr_t p, size_t len),
		   struct bootinfo *out, const char **why)
{
	struct loader_data l = { .phys = phys, .out = out, .why = why };
	int rc;

	memset(out, 0, sizeof(*out));
	*why = "";
	if (magic == MULTIBOOT1_MAGIC)
		rc = multiboot1_read(&l, info);
	else if (magic == MULTIBOOT2_MAGIC)
		rc = multiboot2_read(&l, info);
	else
		rc = loader_bad(&l, "not started by a multiboot loader");
	if (rc)
		return rc;
	strip_names(out);
	if (memmap_normalise(out))
		return loader_bad(&l, "the memory map has too many ranges");
	if (memmap_ram_bytes(out) == 0)
		return loader_bad(&l, "the loader reports no RAM");
	return 0;
}
