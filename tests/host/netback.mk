# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the host's networks and of parvis-netback: unit tests under
# sanitizers, hostnet against the kernel in a network namespace, the whole
# process over memory in the place of grants, and a short run of the fuzzer.
#
#	make test-net			all of it
#	make fuzz-net FUZZ_TIME=600	the fuzzer for longer

NET_TB := $(B)/test/net
NET_T_CFLAGS := -O1 -g -std=gnu11 -D_GNU_SOURCE $(WARN) -Iguest-abi \
	-Idom0-tools -Itests/host -isystem /usr/include/libnl3 \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
NET_T_UNIT := net_hostnet net_core

$(NET_TB)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC-T,$<)
	$(Q)$(CC) $(NET_T_CFLAGS) -MMD -MP -c -o $@ $<

$(NET_TB)/net_hostnet: $(NET_TB)/tests/host/net_hostnet.o $(patsubst %.c, \
		$(NET_TB)/dom0-tools/%.o,$(D0_HOSTNET_SRCS) lib/fail.c \
		lib/strbuf.c)
	$(Q)$(CC) $(NET_T_CFLAGS) -o $@ $^ -lcmocka -lseccomp $(D0_HOSTNET_LIBS)

NET_T_CORE := $(patsubst %.c,$(NET_TB)/dom0-tools/%.o,$(NETBACK_CORE) \
	backend/ring.c lib/log.c) $(patsubst %,$(NET_TB)/tests/host/%.o, \
	net_front blk_fake_gmap)

$(NET_TB)/net_core: $(NET_TB)/tests/host/net_core.o $(NET_T_CORE)
	$(Q)$(CC) $(NET_T_CFLAGS) -o $@ $^ -lcmocka -luring

# The program as it is, but for the frontend's memory, and who kills it.
$(NET_TB)/real/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(D0_CFLAGS) -Itests/host -MMD -MP -c -o $@ $<

$(NET_TB)/netback-fake: $(patsubst %.c,$(D0_OBJ)/%.o,$(NETBACK_CORE) \
		netback/main.c $(BACKEND_CORE)) \
		$(NET_TB)/real/tests/host/blk_fake_gmap.o
	$(Q)$(CC) $(D0_LDFLAGS) -o $@ $^ $(BACKEND_LIBS) -luring

NET_T_REAL := $(patsubst %,$(NET_TB)/real/tests/host/%.o,net_parent net_front)
$(NET_TB)/net_kill $(NET_TB)/net_trouble: $(NET_TB)/%: \
		$(NET_TB)/real/tests/host/%.o $(NET_T_REAL) \
		$(D0_OBJ)/backend/proto.o
	$(Q)$(CC) -pie -o $@ $^

# One clang call: its objects carry other instrumentation.
$(NET_TB)/fuzz_net: tests/fuzz/fuzz_net.c tests/host/net_front.c \
		tests/host/blk_fake_gmap.c $(addprefix dom0-tools/, \
		$(NETBACK_CORE) backend/ring.c lib/log.c)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(filter-out -fno-sanitize-recover=all,$(NET_T_CFLAGS)) \
		-fno-sanitize-recover=undefined \
		-fsanitize=fuzzer,address,undefined -o $@ $^ -luring

KILLS ?= 200
.PHONY: test-net fuzz-net kill-net
test-net: $(NET_T_UNIT:%=$(NET_TB)/%) $(NET_TB)/netback-fake \
		$(NET_TB)/net_kill $(NET_TB)/net_trouble $(NET_TB)/fuzz_net
	$(Q)set -e; for t in $(NET_T_UNIT); do \
		echo "== $$t"; PATH=$$PATH:/usr/sbin:/sbin \
			timeout 120 $(NET_TB)/$$t; done
	$(Q)echo '== net_kill'; timeout 300 $(NET_TB)/net_kill \
		$(NET_TB)/netback-fake $(KILLS)
	$(Q)echo '== net_trouble'; timeout 300 $(NET_TB)/net_trouble \
		$(NET_TB)/netback-fake
	$(Q)echo '== fuzz_net (short run)'; \
		timeout 300 $(NET_TB)/fuzz_net -seed=1 -runs=20000 \
		-max_len=1024 -print_funcs=0 -verbosity=0 \
		-artifact_prefix=$(NET_TB)/ >$(NET_TB)/fuzz_net.log 2>&1 || \
		{ cat $(NET_TB)/fuzz_net.log; exit 1; }; \
		echo 'summary: 1 passed, 0 failed, 0 skipped'

kill-net: $(NET_TB)/netback-fake $(NET_TB)/net_kill
	$(Q)$(NET_TB)/net_kill $(NET_TB)/netback-fake $(KILLS)

FUZZ_TIME ?= 60
fuzz-net: $(NET_TB)/fuzz_net
	$(Q)mkdir -p $(NET_TB)/corpus && $(NET_TB)/fuzz_net \
		-max_total_time=$(FUZZ_TIME) -max_len=4096 \
		-artifact_prefix=$(NET_TB)/ $(NET_TB)/corpus

TESTS += test-net
