# SPDX-License-Identifier: GPL-2.0-or-later
#
# The host's networks: sources that programs link, no program of its own.

D0_HOSTNET_SRCS := $(addprefix hostnet/,link.c tap.c addr.c sysfile.c nft.c \
	parse.c plug.c nat.c script.c)
D0_HOSTNET_LIBS := -lnl-route-3 -lnl-3 -lnftables

$(patsubst %.c,$(D0_OBJ)/%.o,$(D0_HOSTNET_SRCS)): \
	D0_CFLAGS += -isystem /usr/include/libnl3
