# SPDX-License-Identifier: GPL-2.0-or-later
#
# parvisd, the toolstack daemon.

D0_DAEMON_SRCS := daemon/console_wait.c daemon/dev_late.c daemon/dev_release.c \
	daemon/dev_wait.c daemon/events.c \
	daemon/guest.c daemon/guest_device.c daemon/guest_end.c \
	daemon/guest_make.c daemon/guest_state.c daemon/guest_store.c \
	daemon/request.c daemon/request_backend.c daemon/request_dev.c $(D0_ENTRIES_SRCS)

$(eval $(call dom0_program,parvisd,daemon/main.c daemon/server.c \
	lib/daemonize.c \
	$(D0_DAEMON_SRCS) $(D0_BUILD_SRCS) $(D0_CFG_SRCS) $(D0_HV_SRCS) \
	$(D0_BASE_SRCS),$(D0_BUILD_LIBS) -lyajl -luuid))
$(D0_BIN)/parvisd: $(D0_CFG_GEN)
