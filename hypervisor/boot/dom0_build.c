// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Building the control domain: find the kernel among the modules, unpack it,
 * plan (dom0_plan.c), then carry the plan out: memory, ramdisk, page tables,
 * start_info, vCPUs.  Whatever is wrong with the modules is said and ends the
 * boot: there is nobody else to run.
 *
 * State: dom0, which is published by this file only.  Boot CPU, once.
 */
#include <abi/core.h>
#include <boot/boot.h>
#include <boot/dom0_mem.h>
#include <boot/dom0_plan.h>
#include <boot/dom0_tables.h>
#include <boot/dom0_kernel.h>
#include <domain/domain.h>
#include <hypercall/hypercall.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <mm/ptype.h>
#include <port/log.h>
#include <pv/pv.h>
#include <x86/x86.h>

/*
 * Frames that the hypervisor keeps for itself and for guests' bookkeeping: by
 * default, and in any case.
 */
#define RESERVE_MAX ((128UL << 20) >> PAGE_SHIFT)
#define RESERVE_MIN ((2UL << 20) >> PAGE_SHIFT)

/* dom0_mem= in frames, with the default of all but a sixteenth. */
static uint64_t memory_size(uint64_t avail)
{
	const struct boot_options *o = &boot_options;
	uint64_t n = o->dom0_mem >> PAGE_SHIFT;

	if (n == 0)
		n = avail - MIN(avail / 16, RESERVE_MAX);
	if (o->dom0_mem_min)
		n = MAX(n, o->dom0_mem_min >> PAGE_SHIFT);
	if (o->dom0_mem_max)
		n = MIN(n, o->dom0_mem_max >> PAGE_SHIFT);
	return MIN(n, avail - MIN(avail, RESERVE_MIN));
}

static unsigned int vcpu_count(void)
{
	unsigned int n = boot_options.dom0_max_vcpus;

	return MIN(n ? n : cpu_count(), (unsigned int)VCPU_MAX);
}

static struct domain *create(void)
{
	struct domain_config cfg = {
		.id = 0,
		.max_vcpus = vcpu_count(),
		.max_evtchn_port = ~0U,
		.max_grant_frames = boot_options.gnttab_max_frames,
		.max_maptrack_frames = boot_options.gnttab_max_maptrack,
		.grant_version_max = 2,
		.privileged = true,
	};
	struct domain *d;
	int rc = domain_create(&cfg, &d);

	for (unsigned int i = 0; rc == 0 && i < cfg.max_vcpus; i++)
		rc = vcpu_create(d, i, i % cpu_count());
	for (unsigned int i = 0; rc == 0 && i < 2; i++)
		if (x86_console_port(i)) /* ours */
			rc = iocap_permit_ports(d, x86_console_port(i), 8,
						false);
	if (rc)
		panic("cannot create the control domain: error %d", -rc);
	if (boot_options.dom0_mem_max)
		d->page_max = boot_options.dom0_mem_max >> PAGE_SHIFT;
	return d;
}

/* Copy the kernel's segments to their frames; the rest of them is zeroed. */
static void load_segments(struct dom0_mem *mem, const struct dom0_plan *p,
			  const struct elf_image *elf)
{
	for (unsigned int i = 0; i < elf->seg_count; i++) {
		const struct elf_segment *s = &elf->segs[i];
		uint64_t at = s->paddr - p->paddr_offset;

		dom0_mem_write(mem, at, elf->data + s->offset, s->filesz);
		dom0_mem_zero(mem, at + s->filesz, s->memsz - s->filesz);
	}
}

/* The screen, for the kernel's own console. */
static void describe_screen(struct dom0_vga_console_info *v)
{
	const typeof(bootinfo.fb) *fb = &bootinfo.fb;

	if (fb->type == 1) {
		v->video_type = bootinfo.efi ? XEN_VGATYPE_EFI_LFB :
					       XEN_VGATYPE_VESA_LFB;
		v->u.vesa_lfb.width = (uint16_t)fb->width;
		v->u.vesa_lfb.height = (uint16_t)fb->height;
		v->u.vesa_lfb.bytes_per_line = (uint16_t)fb->pitch;
		v->u.vesa_lfb.bits_per_pixel = (uint16_t)fb->bpp;
		v->u.vesa_lfb.lfb_base = (uint32_t)fb->base;
		v->u.vesa_lfb.ext_lfb_base = (uint32_t)(fb->base >> 32);
		v->u.vesa_lfb.lfb_size = DIV_ROUND_UP(
			(uint64_t)fb->pitch * fb->height, 0x10000);
		v->u.vesa_lfb.red_pos = fb->colour[0];
		v->u.vesa_lfb.red_size = fb->colour[1];
		v->u.vesa_lfb.green_pos = fb->colour[2];
		v->u.vesa_lfb.green_size = fb->colour[3];
		v->u.vesa_lfb.blue_pos = fb->colour[4];
		v->u.vesa_lfb.blue_size = fb->colour[5];
	} else if (!bootinfo.efi) {
		v->video_type = XEN_VGATYPE_TEXT_MODE_3;
		v->u.text_mode_3.font_height = 16;
		v->u.text_mode_3.rows = 25;
		v->u.text_mode_3.columns = 80;
	}
}

/*
 * The command line. UEFI's ACPI root pointer is nowhere that a kernel would
 * find it without UEFI's own tables, so it is told where it is.
 */
static void write_cmdline(struct start_info *si, const char *cmdline)
{
	char *dst = (char *)si->cmd_line;
	size_t n = str_copy(dst, cmdline, sizeof(si->cmd_line));

	if (n < sizeof(si->cmd_line) && bootinfo.efi && acpi_info.rsdp)
		n += (size_t)fmt_snprintf(dst + n, sizeof(si->cmd_line) - n,
					  " acpi_rsdp=0x%lx", acpi_info.rsdp);
	if (n >= sizeof(si->cmd_line))
		log_warn("the control domain's command line was cut\n");
}

static void write_start_info(struct dom0_mem *mem, const struct dom0_plan *p,
			     const struct domain *d, const char *cmdline,
			     uint64_t initrd_len)
{
	static struct {
		struct start_info si;
		struct dom0_vga_console_info vga;
	} page;
	struct start_info *si = &page.si;

	str_copy(si->magic, "xen-3.0-x86_64", sizeof(si->magic));
	si->nr_pages = p->nr_pages;
	si->shared_info = mfn_to_paddr(d->shared_frame);
	si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	si->pt_base = p->tables_virt;
	si->nr_pt_frames = p->table_count;
	si->mfn_list = p->p2m_virt;
	if (p->p2m_apart) {
		si->first_p2m_pfn = p->p2m.first;
		si->nr_p2m_frames = p->p2m.count + p->p2m_tables.count;
	}
	if (initrd_len) {
		si->mod_len = initrd_len;
		si->mod_start = p->initrd.first;
		if (p->initrd_mapped)
			si->mod_start = dom0_plan_virt(p, p->initrd.first);
		else
			si->flags |= SIF_MOD_START_PFN;
	}
	describe_screen(&page.vga);
	si->console.dom0.info_off = offsetof(typeof(page), vga);
	si->console.dom0.info_size = sizeof(page.vga);
	write_cmdline(si, cmdline);
	_Static_assert(sizeof(page) <= PAGE_SIZE, "start_info fills one page");
	dom0_mem_zero(mem, p->start_info_virt - p->virt_base, PAGE_SIZE);
	dom0_mem_write(mem, p->start_info_virt - p->virt_base, &page,
		       sizeof(page));
}

/* The state that vCPU 0 starts in. */
static int start_vcpu(struct domain *d, const struct dom0_plan *p, mfn_t l4)
{
	static struct vcpu_guest_context c;
	struct cpu_user_regs *r = &c.user_regs;

	r->rip = p->entry;
	r->rsp = p->stack_virt + PAGE_SIZE;
	r->rsi = p->start_info_virt;
	r->rflags = 1 << 9 | 1 << 1; /* IF */
	r->cs = FLAT_KERNEL_CS;
	r->ss = FLAT_KERNEL_SS;
	r->ds = r->es = r->fs = r->gs = FLAT_KERNEL_DS;
	c.kernel_ss = FLAT_KERNEL_SS;
	c.kernel_sp = p->stack_virt + PAGE_SIZE;
	c.flags = VGCF_IN_KERNEL | VGCF_online;
	c.ctrlreg[3] = xen_pfn_to_cr3(mfn_x(l4));
	for (unsigned int i = 0; i < ARRAY_SIZE(c.trap_ctxt); i++)
		c.trap_ctxt[i].vector = (uint8_t)i;
	return pv_context_set(domain_vcpu(d, 0), &c, NULL);
}

static void fill_hypercall_page(struct dom0_mem *mem,
				const struct dom0_plan *p)
{
	uint64_t pfn = dom0_plan_pfn(p, p->hypercall_page);

	if (p->hypercall_page)
		hypercall_page_fill(frame_map(dom0_mem_mfn(mem, pfn)));
}

static void report(const struct dom0_plan *p, const struct boot_module *kernel)
{
	log_info("control domain: %s %s, %lu MiB, entry %#lx\n",
		 p->notes.guest_os, p->notes.loader,
		 p->nr_pages >> (20 - PAGE_SHIFT), p->entry);
	log_info("control domain: mapped %#lx to %#lx, p2m at %#lx\n",
		 p->virt_base, p->virt_end, p->p2m_virt);
	log_info("control domain: command line: %s\n", kernel->cmdline);
}

/*
 * Memory that will be free once the unpacked kernel's buffer is given back;
 * a ramdisk whose frames change hands comes on top.
 */
static uint64_t memory_available(const struct dom0_kernel *k,
				 const struct boot_module *initrd)
{
	uint64_t n = buddy_free_count() + k->buffer_pages;

	if (IS_ALIGNED(initrd->start, PAGE_SIZE))
		n += DIV_ROUND_UP(initrd->end - initrd->start, PAGE_SIZE);
	return n;
}

int dom0_build(void)
{
	struct boot_module *kernel = &bootinfo.modules[0];
	struct boot_module *initrd = &bootinfo.modules[1];
	struct dom0_kernel k;
	struct dom0_plan p;
	struct dom0_mem mem;
	struct dom0_want w = { .elf = &k.elf };
	const char *why;
	struct domain *d;
	mfn_t l4;
	int rc;

	if (bootinfo.module_count == 0)
		panic("no control domain: the loader gave no module");
	if (dom0_kernel_open(&k, kernel, &why))
		panic("control domain's kernel: %s", why);
	w.initrd_len = initrd->end - initrd->start; /* 0 if there is none */
	d = create();
	w.nr_pages = memory_size(memory_available(&k, initrd));
	if (dom0_plan_make(&p, &w, &why))
		panic("control domain's kernel: %s", why);
	report(&p, kernel);

	dom0_mem_init(&mem, d, &p);
	if (w.initrd_len)
		dom0_mem_take_module(&mem, &p.initrd, initrd);
	dom0_mem_fill(&mem, &p.boot);
	load_segments(&mem, &p, &k.elf);
	dom0_kernel_close(&k);
	dom0_mem_fill_rest(&mem);
	write_start_info(&mem, &p, d, kernel->cmdline, w.initrd_len);
	fill_hypercall_page(&mem, &p);
	l4 = dom0_tables_build(&mem, &p);
	rc = start_vcpu(d, &p, l4);
	if (!rc) /* a kernel finds its first table pinned, and unpins it */
		rc = ptype_pin(l4, PTYPE_L4, d, NULL);
	if (rc)
		panic("the control domain's start was refused: error %d", -rc);
	dom0 = d;
	vcpu_up(domain_vcpu(d, 0));
	d->paused_by_tool = false;
	domain_unpause(d);
	return 0;
}
