# SPDX-License-Identifier: GPL-2.0-or-later
#
# Links build/parvis: the rooms' objects into build/parvis.syms (an ELF64 at
# its virtual addresses, for debuggers), and its bytes into an ELF32 at 2 MiB.
# build/parvis-debug is the same with hypervisor/debug/checked around it.

HV_OFFSETS := $(B)/hv/x86/gen/asm_offsets.h

$(B)/hv/x86/gen/asm_offsets.s: hypervisor/x86/asm_offsets.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -MF $@.d -MT $@ -S $< -o $@
-include $(B)/hv/x86/gen/asm_offsets.s.d

$(HV_OFFSETS): $(B)/hv/x86/gen/asm_offsets.s
	$(call say,GEN,$@)
	$(Q)sed -n 's/^.*->\([A-Z0-9_]*\) \([-0-9]*\).*/#define \1 \2/p' $< >$@

$(B)/hv/%.S.o: hypervisor/%.S $(HV_OFFSETS)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_INC) -I$(dir $(HV_OFFSETS)) -MMD -MP -c $< -o $@

# Decoders of the dom0 kernel's packing: lib/decompress_libs.c.
HV_LIBS := $(shell $(CC) -print-file-name=libzstd.a 2>/dev/null) \
	$(shell $(CC) -print-file-name=libz.a 2>/dev/null)

HV_LDS := hypervisor/x86/link/parvis.lds

HV_IMAGES := parvis parvis-debug
HV_CHECKED := $(patsubst hypervisor/%.c,$(B)/hv/%.o, \
	$(wildcard hypervisor/debug/checked/*.c))
HV_CHECKED_FLAGS := $(addprefix --wrap=,lock_acquire lock_acquire_nested \
	lock_try lock_release)

$(B)/parvis-debug.syms: $(HV_CHECKED)
$(B)/parvis-debug.syms: HV_MORE = $(HV_CHECKED_FLAGS) $(HV_CHECKED)

$(HV_IMAGES:%=$(B)/%.syms): $(HV_OBJ) $(HV_LDS)
	$(call say,LD,$@)
	$(Q)$(LD) -static -no-pie -nostdlib -z max-page-size=4096 -z noexecstack \
		--no-warn-rwx-segments --fatal-warnings --build-id=none \
		--no-relax -T $(HV_LDS) -o $@ $(HV_OBJ) $(HV_MORE) $(HV_LIBS)

$(HV_IMAGES:%=$(B)/hv/%.bin): $(B)/hv/%.bin: $(B)/%.syms
	$(Q)objcopy -O binary $< $@

$(HV_IMAGES:%=$(B)/%): $(B)/%: $(B)/hv/%.bin hypervisor/x86/link/wrap.S \
		hypervisor/x86/link/wrap.lds
	$(call say,WRAP,$@)
	$(Q)end=$$(nm $@.syms | awk '$$3=="_image_end"{print $$1}') && \
	bss=$$((0x$$end - 0xffff82d040000000 - $$(stat -c %s $<))) && \
	gcc -m32 -c -DIMAGE_BIN="\"$<\"" -DIMAGE_BSS=$$bss \
		hypervisor/x86/link/wrap.S -o $(B)/hv/$*-wrap.o
	$(Q)$(LD) -m elf_i386 -static -nostdlib -z max-page-size=4096 \
		--no-warn-rwx-segments --build-id=none \
		-T hypervisor/x86/link/wrap.lds -o $@.tmp $(B)/hv/$*-wrap.o
	$(Q)strip $@.tmp && mv $@.tmp $@

ALL += $(B)/parvis
