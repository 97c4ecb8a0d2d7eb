# SPDX-License-Identifier: GPL-2.0-or-later
#
# The domain builder: sources that programs link, no program of its own.

D0_BUILD_SRCS := build/apply.c build/elf_image.c build/kernel_file.c \
	build/kernel_image.c build/kernel_shelf.c build/plan_pv.c build/unpack.c
D0_BUILD_LIBS := -llzma -lzstd -lz

D0_HV_SRCS := lib/hv_calls.c lib/hv_domain.c lib/hv_linux.c
D0_BASE_SRCS := lib/evloop.c lib/fail.c lib/json.c lib/log.c lib/nearest.c \
	lib/strbuf.c lib/xs_client.c lib/xs_proto.c
