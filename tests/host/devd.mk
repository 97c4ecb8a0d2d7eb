# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the device daemon: its pure parts, and the whole daemon against the
# real store with a backend that serves nothing.
#
#	make test-devd

DEVD_TB := $(B)/test/devd
DEVD_T_CFLAGS := -O1 -g -std=gnu11 -D_GNU_SOURCE $(WARN) -Iguest-abi \
	-Idom0-tools -Itests/host -isystem /usr/include/libnl3 \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

$(DEVD_TB)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC-T,$<)
	$(Q)$(CC) $(DEVD_T_CFLAGS) -MMD -MP -c -o $@ $<

# The daemon, but for the hypervisor.
$(DEVD_TB)/parvis-devd: $(patsubst %.c,$(DEVD_TB)/dom0-tools/%.o,devd/main.c \
		devd/keeper.c $(DEVD_CORE) $(D0_HOSTNET_SRCS)) \
		$(DEVD_TB)/tests/host/devd_ports.o
	$(Q)$(CC) $(DEVD_T_CFLAGS) -o $@ $^ $(DEVD_LIBS)

$(DEVD_TB)/fake-backend: $(DEVD_TB)/tests/host/devd_backend.o \
		$(DEVD_TB)/dom0-tools/backend/proto.o
	$(Q)$(CC) $(DEVD_T_CFLAGS) -o $@ $^

$(DEVD_TB)/devd_live: $(patsubst %,$(DEVD_TB)/%.o, \
		$(addprefix tests/host/devd_,live images cards scripts load \
		bed) \
		$(addprefix dom0-tools/lib/,xs_client xs_proto strbuf evloop))
	$(Q)$(CC) $(DEVD_T_CFLAGS) -o $@ $^ -lcmocka

$(DEVD_TB)/devd_core: $(patsubst %,$(DEVD_TB)/%.o,tests/host/devd_core \
		$(addprefix dom0-tools/,devd/sm devd/fe devd/disk_open \
		devd/disk_nbd lib/fail lib/log lib/xs_proto))
	$(Q)$(CC) $(DEVD_T_CFLAGS) -o $@ $^ -lcmocka

# The whole-system test with as many kills as it takes to be sure.
.PHONY: kill-backends
kill-backends: test-boot-deps
	$(Q)KILLS=$(or $(KILLS),1000) $(BOOT_ENV) $(PYTEST) -v -s \
		-k test_block tests/boot/test_backend_kill.py

.PHONY: test-devd
test-devd: $(DEVD_TB)/devd_core $(DEVD_TB)/parvis-devd $(DEVD_TB)/fake-backend \
		$(DEVD_TB)/devd_live $(D0_BIN)/xenstored
	$(Q)$(DEVD_TB)/devd_core
	$(Q)timeout 300 $(DEVD_TB)/devd_live $(D0_BIN)/xenstored \
		$(DEVD_TB)/parvis-devd $(DEVD_TB)/fake-backend

TESTS += test-devd
