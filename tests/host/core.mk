# SPDX-License-Identifier: GPL-2.0-or-later
#
# Events, grants, scheduler, timers, domains and dispatch on the fake machine:
# unit tests, exhaustive models, and a fuzzer of hypercalls.

CORE_OUT := $(B)/tests/core
CORE_TESTS := $(patsubst tests/host/%.c,%,$(wildcard $(addprefix tests/host/, \
	event_*.c grant_*.c sched_*.c timer_*.c domain_*.c dispatch_*.c fmt_*.c)))
CORE_MODELS := $(patsubst tests/model/%.c,%,$(wildcard tests/model/event*.c \
	tests/model/grant*.c))
CORE_FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_hypercall.c))
CORE_BIN := $(addprefix $(CORE_OUT)/,$(CORE_TESTS) $(CORE_MODELS) $(CORE_FUZZ))
CORE_FAKE := $(CORE_OUT)/port_fake.o $(CORE_OUT)/port_fake_hw.o
CORE_WRAP := -Wl,--wrap=heap_alloc,--wrap=heap_calloc,--wrap=pages_alloc

$(CORE_OUT)/%.o: tests/host/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(CORE_OUT)/%.o: tests/model/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(CORE_OUT)/%.o: tests/fuzz/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -c $< -o $@

$(CORE_BIN): %: %.o $(CORE_FAKE) $(B)/libhvcore.a
	$(call say,HOSTLD,$@)
	$(Q)$(CC) $(HOST_SAN) $(CORE_WRAP) $^ -o $@ -lcmocka -lz -lzstd

.PHONY: test-core fuzz-core fuzz
test-core: $(CORE_BIN)
	$(Q)for t in $(addprefix $(CORE_OUT)/,$(CORE_TESTS) $(CORE_MODELS)); do \
		timeout 60 $$t || exit 1; done
	$(Q)for t in $(addprefix $(CORE_OUT)/,$(CORE_FUZZ)); do \
		timeout 60 $$t 20000 1 || exit 1; done

TESTS += test-core

# Seeds without end, or for FUZZ_TIME seconds; the models with all their states.
fuzz: fuzz-core
fuzz-core: $(CORE_BIN)
	$(Q)for t in $(addprefix $(CORE_OUT)/,$(CORE_MODELS)); do \
		$$t 100000 || exit 1; done
	$(Q)end=$$(($$(date +%s) + $(or $(FUZZ_TIME),600))); seed=$$(date +%s); \
	while [ $$(date +%s) -lt $$end ]; do \
		$(CORE_OUT)/fuzz_hypercall 200000 $$seed || exit 1; \
		seed=$$((seed + 1)); done

-include $(CORE_BIN:%=%.d) $(CORE_FAKE:.o=.d)
