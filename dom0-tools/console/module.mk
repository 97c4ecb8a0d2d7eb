# SPDX-License-Identifier: GPL-2.0-or-later
#
# The console daemon and its client.  CONSOLE_CORE does no I/O.

CONSOLE_CORE := console/mux.c console/conring.c

$(eval $(call dom0_program,xenconsoled,$(CONSOLE_CORE) console/main.c \
	console/guest.c console/pty.c console/viewer.c console/logfile.c \
	console/hvlog.c lib/daemonize.c lib/strbuf.c lib/log.c lib/evloop.c lib/xs_proto.c \
	lib/xs_client.c lib/hv_calls.c lib/hv_linux.c lib/hv_domain.c,-lutil))

$(eval $(call dom0_program,xenconsole,console/xenconsole.c lib/strbuf.c \
	lib/evloop.c lib/xs_proto.c lib/xs_client.c))
