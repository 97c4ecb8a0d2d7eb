# SPDX-License-Identifier: GPL-2.0-or-later
#
# Frames, page types and page tables on the host: unit tests, the exhaustive
# model of page types, and a fuzzer of the calls that change page tables.

MMU_CORE := $(patsubst hypervisor/%.c,$(B)/core/%.o,$(wildcard hypervisor/mm/*.c) \
	$(addprefix hypervisor/pv/,pte.c pte_refs.c pt_table.c pt_update.c \
	pt_batch.c pt_base.c pt_ext.c pt_grant.c pt_fault.c) \
	hypervisor/lib/insn.c hypervisor/lib/insn_apply.c)
MMU_OUT := $(B)/tests/mmu
MMU_TESTS := buddy_test heap_test frame_test pte_test pt_update_test \
	memory_op_test
MMU_MODELS := ptype_model pte_model pt_threads
MMU_FUZZ := fuzz_pt
MMU_BIN := $(addprefix $(MMU_OUT)/,$(MMU_TESTS) $(MMU_MODELS) $(MMU_FUZZ))

$(MMU_OUT)/%.o: tests/host/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(MMU_OUT)/%.o: tests/model/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(MMU_OUT)/%.o: tests/fuzz/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(MMU_BIN): %: %.o $(MMU_OUT)/mmu_machine.o $(MMU_OUT)/fake_base.o \
		$(MMU_CORE)
	$(call say,HOSTLD,$@)
	$(Q)$(CC) $(HOST_SAN) $^ -o $@ -lcmocka -lpthread

$(MMU_OUT)/memory_op_test: $(addprefix $(B)/core/hypercall/memory_op,.o _res.o \
	_info.o _map.o _resource.o)

.PHONY: test-mmu
test-mmu: $(MMU_BIN)
	$(Q)for t in $(addprefix $(MMU_OUT)/,$(MMU_TESTS) $(MMU_MODELS)); do \
		$$t || exit 1; done
	$(Q)$(MMU_OUT)/fuzz_pt 300

TESTS += test-mmu
