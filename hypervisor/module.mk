# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the hypervisor's files twice: all rooms into build/parvis, and the
# core rooms (everything but x86/) into a host library under sanitizers.

HV_CORE_DIRS := lib mm domain sched event grant irq pv hypercall control boot debug
HV_CORE_SRC := $(foreach d,$(HV_CORE_DIRS),$(wildcard hypervisor/$(d)/*.c))
HV_HW_SRC := $(wildcard hypervisor/x86/*.c)
HV_ASM := $(wildcard hypervisor/x86/*.S)

HV_INC := -Ihypervisor -Iguest-abi
HV_CFLAGS := -std=gnu11 -O2 -g $(WARN) $(HV_INC) -MMD -MP \
	-ffreestanding -fno-builtin-printf -fpie -fvisibility=hidden -mno-red-zone \
	-mgeneral-regs-only -mno-mmx -mno-sse -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none \
	-fomit-frame-pointer -fno-common -D__HYPERVISOR__
HV_OBJ := $(patsubst hypervisor/%.c,$(B)/hv/%.o,$(HV_CORE_SRC) $(HV_HW_SRC)) \
	$(patsubst hypervisor/%.S,$(B)/hv/%.S.o,$(HV_ASM))

$(B)/hv/%.o: hypervisor/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -c $< -o $@

# The host library: same files, sanitizers on, no hardware.
HOST_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
HOST_CFLAGS := -std=gnu11 -O1 -g $(WARN) $(HV_INC) -Itests/host -MMD -MP \
	-fno-strict-aliasing -fno-omit-frame-pointer $(HOST_SAN)
CORE_OBJ := $(patsubst hypervisor/%.c,$(B)/core/%.o,$(HV_CORE_SRC))

$(B)/core/%.o: hypervisor/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(B)/libhvcore.a: $(CORE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

.PHONY: core
core: $(B)/libhvcore.a

include hypervisor/x86/link.mk
