# SPDX-License-Identifier: GPL-2.0-or-later
#
# The block backend.  BLK_CORE makes no system calls but for memory.

BLK_CORE := blkback/request.c blkback/serve.c blkback/queue.c blkback/bounce.c
BLK_SRCS := $(BLK_CORE) blkback/loop.c blkback/file.c blkback/nbd.c \
	blkback/main.c
BLK_LIBS := -luring -lnbd

$(eval $(call dom0_program,parvis-blkback,$(BLK_SRCS) $(BACKEND_SRCS),\
	$(BACKEND_LIBS) $(BLK_LIBS)))
