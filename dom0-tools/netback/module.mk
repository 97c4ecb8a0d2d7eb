# SPDX-License-Identifier: GPL-2.0-or-later
#
# The network backend.  NETBACK_CORE does its I/O only through struct gmap and
# the descriptors it is given.

NETBACK_CORE := $(addprefix netback/,card.c txtake.c tx.c rx.c rxbuf.c rxsort.c \
	ctrl.c mcast.c gref.c nbjournal.c packet.c filter.c hash.c tapio.c)

$(eval $(call dom0_program,parvis-netback,$(NETBACK_CORE) netback/main.c \
	$(BACKEND_SRCS),$(BACKEND_LIBS) -luring))
