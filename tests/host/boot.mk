# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the loader, the firmware and files give the hypervisor, the control
# domain made of it, and physical interrupts: unit tests and two fuzzers.
#
#	make test-hv-boot			all of it
#	make fuzz-hv-boot FUZZ_TIME=600		the fuzzers for longer

HVBOOT_OUT := $(B)/tests/hvboot
HVBOOT_TESTS := $(patsubst tests/host/%.c,%,$(wildcard $(addprefix tests/host/, \
	bootinfo_*.c memmap_*.c cmdline_*.c acpi_*.c elf_*.c unpack_*.c \
	dom0_build_*.c pirq_*.c conring_*.c uart_*.c pagemap_*.c)))
HVBOOT_FUZZ := fuzz_bootinfo fuzz_elf
HVBOOT_BIN := $(addprefix $(HVBOOT_OUT)/,$(HVBOOT_TESTS))

# The fake machine, with devices that a test may replace by its own.
$(HVBOOT_OUT)/port_fake_hw.o: $(B)/tests/core/port_fake_hw.o
	@mkdir -p $(@D)
	$(Q)objcopy --weaken $< $@

$(HVBOOT_OUT)/%.o: tests/host/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(HVBOOT_BIN): %: %.o $(HVBOOT_OUT)/boot_fake.o $(B)/tests/core/port_fake.o \
		$(B)/tests/core/fake_base.o \
		$(HVBOOT_OUT)/port_fake_hw.o $(B)/libhvcore.a
	$(call say,HOSTLD,$@)
	$(Q)$(CC) $(HOST_SAN) $(CORE_WRAP) $^ -o $@ -lcmocka -llzma -lz -lzstd

# Devices that interrupt.
$(HVBOOT_OUT)/pirq_test: $(HVBOOT_OUT)/irq_fake.o

# A driver, with a fake processor's instructions.
$(HVBOOT_OUT)/uart_test: $(HVBOOT_OUT)/x86_uart.o
$(HVBOOT_OUT)/uart_test.o $(HVBOOT_OUT)/x86_uart.o: \
	HOST_CFLAGS := -Itests/host/fake $(HOST_CFLAGS)
$(HVBOOT_OUT)/x86_uart.o: hypervisor/x86/uart.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

# The hypervisor's own tables: plain memory.
$(HVBOOT_OUT)/pagemap_test: $(HVBOOT_OUT)/x86_pagemap.o
$(HVBOOT_OUT)/x86_pagemap.o: hypervisor/x86/pagemap.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

# Carry-less multiplication needs no privilege: tested where it runs.
$(HVBOOT_OUT)/unpack_formats: $(HVBOOT_OUT)/x86_crc32.o
$(HVBOOT_OUT)/x86_crc32.o: hypervisor/x86/crc32.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -Dforeign_crc32=x86_crc32 -c $< -o $@

HVBOOT_FUZZ_SRC := $(addprefix hypervisor/,$(addprefix boot/,bootinfo.c \
	multiboot1.c multiboot2.c memmap.c acpi_tables.c cmdline.c \
	dom0_plan.c) \
	$(addprefix lib/,elf.c kernel_image.c str.c decompress.c \
	decompress_xz.c decompress_lzma.c decompress_bcj.c decompress_crc.c \
	decompress_lz4.c decompress_libs.c))

$(HVBOOT_FUZZ:%=$(HVBOOT_OUT)/%): $(HVBOOT_OUT)/%: tests/fuzz/%.c \
		$(HVBOOT_FUZZ_SRC)
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g $(WARN) $(HV_INC) -fno-strict-aliasing \
		-fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined $^ -o $@ -lz -lzstd

.PHONY: test-hv-boot fuzz-hv-boot
test-hv-boot: $(HVBOOT_BIN) $(HVBOOT_FUZZ:%=$(HVBOOT_OUT)/%)
	$(Q)for t in $(HVBOOT_TESTS); do \
		timeout 120 $(HVBOOT_OUT)/$$t || exit 1; done
	$(Q)for t in $(HVBOOT_FUZZ); do echo "== $$t (short run)"; \
		rm -rf $(HVBOOT_OUT)/found/$$t; \
		mkdir -p $(HVBOOT_OUT)/found/$$t; \
		timeout 120 $(HVBOOT_OUT)/$$t -seed=1 -runs=20000 \
			-max_len=16384 -artifact_prefix=$(HVBOOT_OUT)/ \
			-verbosity=0 -print_final_stats=0 \
			$(HVBOOT_OUT)/found/$$t tests/fuzz/seeds/$$t 2>&1 | \
			tail -3; \
		test $${PIPESTATUS[0]} = 0 || exit 1; done

fuzz-hv-boot: $(HVBOOT_FUZZ:%=$(HVBOOT_OUT)/%)
	$(Q)for t in $(HVBOOT_FUZZ); do mkdir -p $(HVBOOT_OUT)/corpus/$$t; \
		$(HVBOOT_OUT)/$$t -max_total_time=$(or $(FUZZ_TIME),60) \
			-max_len=16384 $(HVBOOT_OUT)/corpus/$$t \
			tests/fuzz/seeds/$$t || exit 1; done

TESTS += test-hv-boot

-include $(HVBOOT_BIN:%=%.d)
