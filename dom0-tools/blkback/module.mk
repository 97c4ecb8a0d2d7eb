# SPDX-License-Identifier: GPL-2.0-or-later
#
# The block backend, for files and devices, and the same with NBD, which also
# stands between it and image formats.  BLK_CORE makes no system calls but for
# memory.

BLK_CORE := blkback/request.c blkback/serve.c blkback/queue.c blkback/bounce.c
BLK_COMMON := $(BLK_CORE) blkback/loop.c blkback/file.c blkback/confine.c \
	blkback/main.c
BLK_SRCS := $(BLK_COMMON) blkback/nbd.c
BLK_LIBS := -luring -lnbd

$(eval $(call dom0_program,parvis-blkback,$(BLK_COMMON) blkback/nbd_none.c \
	$(BACKEND_SRCS),$(BACKEND_LIBS) -luring))
$(eval $(call dom0_program,parvis-blkback-nbd,$(BLK_SRCS) $(BACKEND_SRCS),\
	$(BACKEND_LIBS) $(BLK_LIBS)))
