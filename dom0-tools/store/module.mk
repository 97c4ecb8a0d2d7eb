# SPDX-License-Identifier: GPL-2.0-or-later
#
# The store daemon.  STORE_CORE does no I/O and runs in the host's tests.

STORE_CORE := store/tree.c store/edit.c store/quota.c store/perm.c \
	store/watch.c store/touch.c store/view.c store/txn.c \
	store/client.c store/dispatch.c \
	store/control.c store/store.c store/state.c \
	lib/strbuf.c lib/log.c lib/xs_proto.c

$(eval $(call dom0_program,xenstored,$(STORE_CORE) \
	store/main.c store/server.c store/sock.c store/ring.c lib/daemonize.c \
	lib/evloop.c lib/xs_client.c lib/hv_calls.c lib/hv_linux.c lib/hv_domain.c))
