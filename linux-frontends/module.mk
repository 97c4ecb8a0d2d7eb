# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Linux frontends, compiled out of tree against the headers of the kernels
# that are tested, and packaged for DKMS.
#
#	make frontends		build/frontends/6.1/*.ko and 6.12/*.ko
#	make dkms-install	for the running kernel, or into DESTDIR
#	make dkms-uninstall

FE_DIR := linux-frontends
FE_OUT := $(B)/frontends
FE_KERNELS := 6.1 6.12
FE_NAMES := parvis-frontend parvis-blkfront parvis-netfront
FE_SRC := $(wildcard $(FE_DIR)/*/*.[ch]) $(FE_DIR)/Kbuild \
	$(wildcard guest-abi/abi/*.h guest-abi/abi/io/*.h)
FE_TREE := $(FE_DIR)/common $(FE_DIR)/block $(FE_DIR)/net $(FE_DIR)/Kbuild
FE_BUILT := $(FE_KERNELS:%=$(FE_OUT)/%/built)

$(B)/cache/headers-%/release:
	$(Q)CACHE=$(B)/cache scripts/fetch-kernels headers-$*

# Kbuild compiles beside the sources, so each kernel gets a copy of them.
$(FE_BUILT): $(FE_OUT)/%/built: $(B)/cache/headers-%/release $(FE_SRC)
	$(call say,KBUILD,$(@D))
	@mkdir -p $(@D)
	$(Q)cp -rpu $(FE_TREE) $(@D)
	$(Q)ln -sfn $(abspath guest-abi) $(@D)/guest-abi
	$(Q)env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		$(MAKE) -s -C $(B)/cache/headers-$*/build M=$(abspath $(@D)) \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
	$(Q)touch $@

.PHONY: frontends
frontends: $(FE_BUILT)

FE_VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' \
	$(FE_DIR)/dkms.conf)
FE_PACKAGE := parvis-frontends/$(FE_VERSION)
FE_INITRAMFS := /usr/share/initramfs-tools/modules.d/parvis-frontends
FE_USRSRC = $(DESTDIR)/usr/src/parvis-frontends-$(FE_VERSION)

# With DESTDIR only the files, as a distribution's package would have them.
.PHONY: dkms-files dkms-install dkms-uninstall
dkms-files:
	install -d $(FE_USRSRC)/guest-abi/abi/io
	cp -r $(FE_TREE) $(FE_DIR)/dkms.conf $(FE_USRSRC)
	install -m 644 guest-abi/abi/types.h $(FE_USRSRC)/guest-abi/abi
	install -m 644 $(addprefix guest-abi/abi/io/,ring.h blkif.h netif.h) \
		$(FE_USRSRC)/guest-abi/abi/io
	install -D -m 644 $(FE_DIR)/modprobe.conf \
		$(DESTDIR)/etc/modprobe.d/parvis-frontends.conf
	install -D -m 644 $(FE_DIR)/initramfs-modules $(DESTDIR)$(FE_INITRAMFS)

dkms-install: dkms-files
ifeq ($(DESTDIR),)
	dkms install $(FE_PACKAGE)
	@echo 'now: update-initramfs -u, and boot again'
endif

dkms-uninstall:
	dkms remove $(FE_PACKAGE) --all
	rm -rf $(FE_USRSRC) $(DESTDIR)/etc/modprobe.d/parvis-frontends.conf \
		$(DESTDIR)$(FE_INITRAMFS)
