# SPDX-License-Identifier: GPL-2.0-or-later
#
# The PV contract's frames, emulation, descriptors and contexts, and the
# control room: unit tests on the fake machine, instruction decoding against
# objdump and against the processor, and two fuzzers.

PVCTL_OUT := $(B)/tests/pvctl
PVCTL_TESTS := $(patsubst tests/host/%.c,%,$(wildcard $(addprefix tests/host/, \
	bounce_*.c emulate_*.c segdesc_*.c context_*.c domctl_*.c iocap_*.c \
	cpupolicy_*.c)))
PVCTL_PURE := insn_decode insn_apply
PVCTL_FUZZ := fuzz_insn fuzz_domctl
PVCTL_BIN := $(addprefix $(PVCTL_OUT)/,$(PVCTL_TESTS) $(PVCTL_PURE) $(PVCTL_FUZZ))

$(PVCTL_OUT)/%.o: tests/host/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(PVCTL_OUT)/%.o: tests/fuzz/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

# This one brings its own processor.
$(PVCTL_OUT)/cpupolicy_guest: CORE_WRAP += -Wl,--wrap=x86_cpuid

$(PVCTL_BIN): %: %.o $(CORE_FAKE) $(B)/libhvcore.a
	$(call say,HOSTLD,$@)
	$(Q)$(CC) $(HOST_SAN) $(CORE_WRAP) $^ -o $@ -lcmocka -lz -lzstd

# What a compiler really makes: a large program that is on every host.
$(PVCTL_OUT)/corpus: /bin/bash tests/host/pvctl.mk
	$(call say,OBJDUMP,$@)
	@mkdir -p $(@D)
	$(Q)objdump -d -z --insn-width=16 $< | \
		awk -F'\t' 'NF >= 3 { gsub(/ /, "", $$2); print $$2 }' > $@

.PHONY: test-pvctl
test-pvctl: $(PVCTL_BIN) $(PVCTL_OUT)/corpus
	$(Q)for t in $(PVCTL_TESTS) insn_apply; do \
		timeout 60 $(PVCTL_OUT)/$$t || exit 1; done
	$(Q)timeout 60 $(PVCTL_OUT)/insn_decode $(PVCTL_OUT)/corpus
	$(Q)timeout 120 $(PVCTL_OUT)/fuzz_insn 300000 1
	$(Q)timeout 120 $(PVCTL_OUT)/fuzz_domctl 20000 1

TESTS += test-pvctl

-include $(PVCTL_BIN:%=%.d)
