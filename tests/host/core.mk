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
CORE_PLAIN := $(addprefix $(CORE_OUT)/,$(CORE_TESTS) $(CORE_MODELS))
CORE_BIN := $(CORE_PLAIN) $(addprefix $(CORE_OUT)/,$(CORE_FUZZ))
CORE_FAKE := $(addprefix $(CORE_OUT)/,port_fake.o port_fake_hw.o fake_base.o)
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

$(CORE_PLAIN): %: %.o $(CORE_FAKE) $(B)/libhvcore.a
	$(call say,HOSTLD,$@)
	$(Q)$(CC) $(HOST_SAN) $(CORE_WRAP) $^ -o $@ -lcmocka -lz -lzstd -lpthread

# Its guests, their arguments, and devices that interrupt.
$(CORE_OUT)/weak_hw.o: $(CORE_OUT)/port_fake_hw.o
	$(Q)objcopy --weaken $< $@

$(CORE_OUT)/fuzz_hypercall: $(CORE_OUT)/%: $(addprefix $(CORE_OUT)/, \
		fuzz_hypercall.o hostile.o hostile_blocks.o irq_fake.o \
		port_fake.o fake_base.o weak_hw.o) $(B)/libhvcore.a
	$(call say,HOSTLD,$@)
	$(Q)$(CC) $(HOST_SAN) $(CORE_WRAP) $^ -o $@ -lcmocka -lz -lzstd -lpthread

# The threads once more under ThreadSanitizer, for which all is built again.
TSAN := -fsanitize=thread
TSAN_CFLAGS := $(filter-out $(HOST_SAN),$(HOST_CFLAGS)) $(TSAN) -Wno-tsan \
	--param=tsan-distinguish-volatile=1
TSAN_CORE := $(patsubst hypervisor/%.c,$(B)/tsan/%.o,$(HV_CORE_SRC))
TSAN_OBJ := $(addprefix $(B)/tsan/,port_fake.o port_fake_hw.o fake_base.o \
	event_threads.o threads_volatile.o)

$(B)/tsan/%.o: hypervisor/%.c
	$(call say,TSAN,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TSAN_CFLAGS) -c $< -o $@

$(B)/tsan/%.o: tests/host/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(TSAN_CFLAGS) -c $< -o $@

$(B)/tsan/%.o: tests/model/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(TSAN_CFLAGS) -c $< -o $@

$(B)/tsan/libhvcore.a: $(TSAN_CORE)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/tsan/event_threads: $(TSAN_OBJ) $(B)/tsan/libhvcore.a
	$(call say,HOSTLD,$@)
	$(Q)$(CC) $(TSAN) $(CORE_WRAP) $^ -o $@ -lz -lzstd -lpthread

-include $(TSAN_OBJ:.o=.d) $(TSAN_CORE:.o=.d)

.PHONY: test-core fuzz-core fuzz
test-core: $(CORE_BIN) $(B)/tsan/event_threads
	$(Q)for t in $(addprefix $(CORE_OUT)/,$(CORE_TESTS) $(CORE_MODELS)); do \
		timeout 60 $$t || exit 1; done
	$(Q)for t in $(addprefix $(CORE_OUT)/,$(CORE_FUZZ)); do \
		timeout 60 $$t 60000 1 || exit 1; done
	$(Q)timeout 100 $(B)/tsan/event_threads 5000

TESTS += test-core

# Seeds without end, or for FUZZ_TIME seconds; the models with all their states.
fuzz: fuzz-core
fuzz-core: $(CORE_BIN) $(B)/tsan/event_threads
	$(Q)for t in $(addprefix $(CORE_OUT)/,$(CORE_MODELS)) \
		$(B)/tsan/event_threads; do $$t 100000 || exit 1; done
	$(Q)end=$$(($$(date +%s) + $(or $(FUZZ_TIME),600))); seed=$$(date +%s); \
	while [ $$(date +%s) -lt $$end ]; do \
		$(CORE_OUT)/fuzz_hypercall 200000 $$seed || exit 1; \
		seed=$$((seed + 1)); done

-include $(CORE_BIN:%=%.d) $(CORE_FAKE:.o=.d) \
	$(addprefix $(CORE_OUT)/,hostile.d hostile_blocks.d irq_fake.d)
