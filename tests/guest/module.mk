# SPDX-License-Identifier: GPL-2.0-or-later
#
# Micro-guests: every folder tests/guest/NAME with a main.c becomes
# build/guest/NAME, an ELF that boots as control domain and as guest.

MG_NAMES := $(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c))
MG_CFLAGS := -std=gnu11 -O2 -g $(WARN) -Iguest-abi -Ihypervisor -ffreestanding \
	\
	-fno-pic -fno-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-toplevel-reorder -fno-strict-aliasing -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-MMD -MP
MG_LIB := $(B)/guest/lib/head.S.o $(B)/guest/lib/mg.o \
	$(B)/guest/lib/calls.o $(B)/guest/lib/second.o

$(B)/guest/%.S.o: tests/guest/%.S
	@mkdir -p $(@D)
	$(Q)$(CC) $(MG_CFLAGS) -c $< -o $@

$(B)/guest/%.o: tests/guest/%.c
	$(call say,GUESTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(MG_CFLAGS) -c $< -o $@

$(MG_NAMES:%=$(B)/guest/%.img): $(B)/guest/%.img: $(B)/guest/%/main.o $(MG_LIB) \
		tests/guest/lib/guest.lds
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,-T,tests/guest/lib/guest.lds \
		-Wl,-z,max-page-size=4096 -Wl,--build-id=none \
		-Wl,--no-warn-rwx-segments $(filter %.o,$^) -o $@

.PHONY: micro-guests
micro-guests: $(MG_NAMES:%=$(B)/guest/%.img)
