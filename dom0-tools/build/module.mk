# SPDX-License-Identifier: GPL-2.0-or-later
#
# The domain builder: sources that programs link, no program of its own.

# What reads and unpacks kernels at boot does so here: the hypervisor's own files.
D0_SHARED_SRCS := $(addprefix hypervisor/,x86/crc32.c lib/elf.c lib/kernel_image.c \
	$(patsubst %,lib/decompress%.c,_bcj _crc _libs _lz4 _lzma _xz)) \
	hypervisor/lib/decompress.c
D0_BUILD_SRCS := build/apply.c build/kernel_cache.c \
	build/kernel_file.c build/kernel_image.c build/kernel_shelf.c \
	build/plan_pv.c build/unpack.c build/unpack_helper.c \
	$(D0_SHARED_SRCS)
D0_BUILD_LIBS := -lseccomp -lzstd -lz

$(D0_OBJ)/hypervisor/%.o: hypervisor/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -Ihypervisor $(D0_CFLAGS) $(D0_CFLAGS_$(*F)) -MMD -MP -c \
		-o $@ $<
D0_CFLAGS_unpack := -Ihypervisor
D0_CFLAGS_kernel_image := -Ihypervisor
# Its vector registers are the assembler's, not the compiler's.
D0_CFLAGS_crc32 := -mgeneral-regs-only

D0_HV_SRCS := lib/hv_calls.c lib/hv_domain.c lib/hv_linux.c
D0_BASE_SRCS := lib/evloop.c lib/fail.c lib/json.c lib/log.c lib/nearest.c \
	lib/strbuf.c lib/xs_client.c lib/xs_proto.c
