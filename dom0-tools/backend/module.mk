# SPDX-License-Identifier: GPL-2.0-or-later
#
# What all backends have in common.  BACKEND_CORE does no I/O;
# gmap_linux.c is what a test replaces.

BACKEND_CORE := backend/proto.c backend/ring.c backend/journal.c \
	backend/gcache.c backend/backend.c backend/sandbox.c lib/log.c
BACKEND_SRCS := $(BACKEND_CORE) backend/gmap_linux.c
BACKEND_LIBS := -lseccomp
