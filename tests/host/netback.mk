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
NET_T_UNIT := net_hostnet

$(NET_TB)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC-T,$<)
	$(Q)$(CC) $(NET_T_CFLAGS) -MMD -MP -c -o $@ $<

$(NET_TB)/net_hostnet: $(NET_TB)/tests/host/net_hostnet.o $(patsubst %.c, \
		$(NET_TB)/dom0-tools/%.o,$(D0_HOSTNET_SRCS) lib/fail.c \
		lib/strbuf.c)
	$(Q)$(CC) $(NET_T_CFLAGS) -o $@ $^ -lcmocka $(D0_HOSTNET_LIBS)

.PHONY: test-net
test-net: $(NET_T_UNIT:%=$(NET_TB)/%)
	$(Q)set -e; for t in $(NET_T_UNIT); do \
		echo "== $$t"; PATH=$$PATH:/usr/sbin:/sbin \
			timeout 120 $(NET_TB)/$$t; done

TESTS += test-net
