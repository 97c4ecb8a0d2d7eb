# SPDX-License-Identifier: GPL-2.0-or-later
#
# parvis-devd, the daemon of guests' devices.  DEVD_CORE is what the host's
# tests use as well.

DEVD_CORE := $(patsubst %,devd/%.c,sm fe table claim device dev_base dev_end \
	dev_open dev_proc link frontend store watch \
	blk media net card_config card_script card_kernel plugger image grow \
	confine confine_calls job request keep wbatch proc disk_open disk_nbd) \
	backend/proto.c lib/daemonize.c lib/evloop.c lib/fail.c lib/log.c \
	lib/strbuf.c lib/xs_client.c lib/xs_proto.c

# Its variables are needed here, and h comes after d.
include dom0-tools/hostnet/module.mk
DEVD_LIBS := $(D0_HOSTNET_LIBS) -lseccomp

$(eval $(call dom0_program,parvis-devd,devd/main.c devd/keeper.c \
	devd/ports.c $(DEVD_CORE) $(D0_HOSTNET_SRCS),$(DEVD_LIBS)))
