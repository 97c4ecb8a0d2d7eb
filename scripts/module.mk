# SPDX-License-Identifier: GPL-2.0-or-later
#
# Getting what is needed, images, and running them.  The targets that a user
# types install packages first and then start make again, because a bare machine
# has not even the compiler whose answers the other fragments ask for.
#
#	HYP=	the hypervisor to boot: a path, or 'xen' for Debian's 4.17
#	TOOLS=	the tools of the control domain: a directory, or 'debian'
#	LINUX=	the kernel of dom0 and guest: 6.1 or 6.12

HYP ?= $(B)/parvis
TOOLS ?= $(B)/dom0/bin
LINUX ?= 6.1
BATCH ?=
RUN_ARGS ?=
PY := /usr/bin/python3
AGAIN = +$(Q)$(MAKE) --no-print-directory
MKIMAGE_FILES := scripts/mkimage $(wildcard scripts/image/*)
DOM0_IMG = $(B)/images/dom0-$(LINUX)$(if $(filter debian,$(TOOLS)),-debian).img

$(B)/cache/linux-%/vmlinuz:
	$(Q)CACHE=$(B)/cache scripts/fetch-kernels $*

$(B)/cache/xen-4.17/xen:
	$(Q)CACHE=$(B)/cache scripts/fetch-kernels xen

$(B)/cache/qemu10/bin/qemu:
	$(Q)CACHE=$(B)/cache scripts/fetch-kernels qemu10

$(B)/cache/debian-12/disk.raw: scripts/mkdebian
	$(Q)CACHE=$(B)/cache scripts/mkdebian

$(B)/images/guest-%.img: $(B)/cache/linux-%/vmlinuz $(MKIMAGE_FILES)
	$(call say,IMAGE,$@)
	@mkdir -p $(@D)
	$(Q)scripts/mkimage guest --linux $(B)/cache/linux-$* -o $@

# What bootloader = "pygrub" gets: GRUB itself, as the guest's first kernel.  The
# guest's disk is read inside the guest, by nothing of the control domain.
PVGRUB_MODULES := memdisk tar normal configfile legacycfg linux search \
	search_fs_file search_fs_uuid search_label echo test true regexp \
	loadenv ls cat minicmd reboot halt sleep gzio xzio lzopio zstd \
	part_gpt part_msdos ext2 btrfs xfs fat iso9660 squash4 f2fs jfs \
	reiserfs lvm mdraid09 mdraid1x diskfilter gettext terminal probe read \
	eval all_video font gfxterm gfxterm_background gfxmenu loopback \
	cryptodisk luks luks2 gcry_sha256 gcry_sha512 gcry_rijndael pbkdf2 \
	password_pbkdf2 password keystatus help date hashsum
PVGRUB := $(B)/dom0/lib/pvgrub64
ALL += $(PVGRUB)

$(PVGRUB): scripts/pvgrub/grub.cfg
	$(call say,GRUB,$@)
	@mkdir -p $(@D)
	$(Q)tar -C scripts --owner=0 --group=0 --mtime=@0 -cf $@.tar pvgrub
	$(Q)grub-mkimage -O x86_64-xen -m $@.tar -p '(memdisk)/pvgrub' -o $@ \
		$(PVGRUB_MODULES)
	@rm $@.tar

# Always made anew: it costs half a second, and what it holds is not listed.
.PHONY: dom0-image
dom0-image: $(B)/images/guest-$(LINUX).img $(PVGRUB)
	$(call say,IMAGE,$(DOM0_IMG))
	$(Q)scripts/mkimage dom0 --linux $(B)/cache/linux-$(LINUX) \
		--tools $(TOOLS) --program /usr/sbin/dnsmasq \
		--file $(PVGRUB):/usr/lib/parvis/pvgrub64 \
		--guest $(LINUX):$(B)/cache/linux-$(LINUX)/vmlinuz:$< \
		-o $(DOM0_IMG)

# What the demonstration boots; nothing is compiled for Debian's own parts.
.PHONY: run run-parts
run-parts: $(if $(filter xen,$(HYP)),$(B)/cache/xen-4.17/xen)
ifneq ($(HYP) $(TOOLS),xen debian)
run-parts: all
endif

run:
	$(Q)scripts/install-deps build run
	$(AGAIN) run-parts
	$(AGAIN) dom0-image
	$(Q)scripts/run-qemu --hypervisor $(HYP) --initrd $(DOM0_IMG) \
		--kernel $(B)/cache/linux-$(LINUX)/vmlinuz --mode demo \
		--log $(B)/run.log $(if $(BATCH),--batch) $(RUN_ARGS)

.PHONY: iso
iso:
	$(Q)scripts/install-deps build run test
	$(AGAIN) run-parts
	$(AGAIN) dom0-image
	$(call say,ISO,$(B)/parvis.iso)
	$(Q)scripts/mkiso --hypervisor $(HYP) --initrd $(DOM0_IMG) \
		--kernel $(B)/cache/linux-$(LINUX)/vmlinuz -o $(B)/parvis.iso

.PHONY: bench bench-parts
bench-parts: all $(B)/guest/bench.img $(B)/cache/linux-6.1/vmlinuz \
	$(B)/cache/xen-4.17/xen $(B)/frontends/6.1/built
bench:
	$(Q)scripts/install-deps build run bench
	$(AGAIN) bench-parts
	$(Q)scripts/bench --hypervisor $(HYP) --tools $(TOOLS)

PREFIX ?= /usr/local
.PHONY: install
install: all
	install -D -m 644 $(B)/parvis $(DESTDIR)/boot/parvis
	install -D -m 644 $(PVGRUB) $(DESTDIR)/usr/lib/parvis/pvgrub64
	install -d $(DESTDIR)$(PREFIX)/sbin
	install -m 755 $(B)/dom0/bin/* $(DESTDIR)$(PREFIX)/sbin/
	for page in docs/man/*.[1-8]; do install -D -m 644 $$page \
		$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; \
	done

size:
	$(Q)$(PY) scripts/size $(B)

help:
	@sed -n 's/^#: \?//p' scripts/module.mk

#: make                 build the hypervisor and the tools into build/
#: make run             boot a control domain and a guest in QEMU, attach to it
#: make run BATCH=1     the same without a terminal; exit status 0 if all of it worked
#:     HYP=xen TOOLS=debian     with Debian's hypervisor, tools, or both
#:     LINUX=6.12               another kernel; RUN_ARGS='--smp 4' see scripts/run-qemu -h
#: make test            every layer of tests, one line of summary
#: make test-boot       only the whole-system tests; T='-k smp' chooses some
#: make bench           speed and size beside Debian's Xen 4.17
#: make frontends       our Linux frontends as modules, into build/frontends (make dkms-install)
#: make iso             build/parvis.iso, boots by GRUB2 on BIOS and UEFI
#: make size            lines and bytes, room by room
#: make install         into DESTDIR/boot and DESTDIR/PREFIX/sbin
#: make clean           remove what was built (make distclean: downloads too)
#: V=1                  show the commands
