# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the store and the console: unit tests and the model under
# sanitizers, a short run of the fuzzers, and Debian's own clients against the
# daemon without a hypervisor.
#
#	make test-store			all of it
#	make fuzz-store FUZZ_TIME=600	the fuzzers for longer

STORE_TB := $(B)/test/store
STORE_T_CFLAGS := -O1 -g -std=gnu11 -D_GNU_SOURCE $(WARN) -Iguest-abi \
	-Idom0-tools -Itests/host -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
STORE_T_SRC := $(addprefix dom0-tools/,$(STORE_CORE) $(CONSOLE_CORE))
STORE_T_CORE := $(patsubst %.c,$(STORE_TB)/%.o,$(STORE_T_SRC)) \
	$(STORE_TB)/tests/host/store_fixture.o
STORE_T_UNIT := store_proto store_tree store_ops store_state store_console \
	store_ring store_guest store_client
STORE_T_FUZZ := fuzz_xs_proto fuzz_store

$(STORE_TB)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC-T,$<)
	$(Q)$(CC) $(STORE_T_CFLAGS) -MMD -MP -c -o $@ $<

$(STORE_T_UNIT:%=$(STORE_TB)/%): $(STORE_TB)/%: \
		$(STORE_TB)/tests/host/%.o $(STORE_T_CORE)
	$(Q)$(CC) $(STORE_T_CFLAGS) -o $@ $^ -lcmocka -lutil

# The daemon's I/O on a hypervisor made of arrays.
STORE_T_IO := $(STORE_TB)/tests/host/store_fakehv.o $(patsubst %, \
	$(STORE_TB)/dom0-tools/%.o,lib/evloop lib/hv_calls lib/hv_linux \
	lib/hv_domain)
$(STORE_TB)/store_ring: $(STORE_T_IO) $(STORE_TB)/dom0-tools/store/server.o \
	$(STORE_TB)/dom0-tools/store/ring.o
$(STORE_TB)/store_client: $(patsubst %,$(STORE_TB)/dom0-tools/%.o, \
	lib/xs_client lib/evloop)
$(STORE_TB)/store_guest: $(STORE_T_IO) $(patsubst %,$(STORE_TB)/dom0-tools/%.o, \
	console/guest console/pty console/viewer console/logfile \
	store/server store/sock store/ring lib/xs_client)

$(STORE_TB)/store_model: $(STORE_TB)/tests/host/store_model.o $(STORE_T_CORE)
	$(Q)$(CC) $(STORE_T_CFLAGS) -o $@ $^

# The fuzzers are one clang call each: their objects carry other
# instrumentation than the unit tests'.
$(STORE_T_FUZZ:%=$(STORE_TB)/%): $(STORE_TB)/%: tests/fuzz/%.c \
		tests/host/store_fixture.c $(STORE_T_SRC)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(filter-out -fno-sanitize-recover=all,$(STORE_T_CFLAGS)) \
		-fsanitize=fuzzer,address,undefined -o $@ $^

.PHONY: test-store fuzz-store
test-store: $(STORE_T_UNIT:%=$(STORE_TB)/%) $(STORE_TB)/store_model \
		$(STORE_T_FUZZ:%=$(STORE_TB)/%) $(D0_BIN)/xenstored
	$(Q)set -e; for t in $(STORE_T_UNIT); do \
		echo "== $$t"; timeout 120 $(STORE_TB)/$$t; done
	$(Q)timeout 600 $(STORE_TB)/store_model && \
		echo 'summary: 1 passed, 0 failed, 0 skipped'
	$(Q)set -e; for t in $(STORE_T_FUZZ); do \
		echo "== $$t (short run)"; \
		timeout 120 $(STORE_TB)/$$t -seed=1 -runs=20000 -max_len=2048 \
			-print_funcs=0 \
			-verbosity=0 -artifact_prefix=$(STORE_TB)/ \
			>$(STORE_TB)/$$t.log 2>&1 || \
			{ cat $(STORE_TB)/$$t.log; exit 1; }; \
		echo 'summary: 1 passed, 0 failed, 0 skipped'; done
	$(Q)tests/host/store_clients.sh $(D0_BIN)/xenstored

FUZZ_TIME ?= 60
fuzz-store: $(STORE_T_FUZZ:%=$(STORE_TB)/%)
	$(Q)set -e; for t in $(STORE_T_FUZZ); do mkdir -p $(STORE_TB)/corpus/$$t; \
		$(STORE_TB)/$$t -max_total_time=$(FUZZ_TIME) -max_len=8192 \
			-artifact_prefix=$(STORE_TB)/ $(STORE_TB)/corpus/$$t; done

TESTS += test-store
