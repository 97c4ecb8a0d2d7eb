# SPDX-License-Identifier: GPL-2.0-or-later
#
# The control domain's programs.  Every subfolder with a module.mk adds its
# own programs with
#
#	$(eval $(call dom0_program,NAME,SOURCES,LIBRARIES))
#
# where SOURCES are paths below dom0-tools/ and LIBRARIES are linker words
# (-lyajl).  That makes $(B)/dom0/bin/NAME and appends it to ALL.  Objects
# land in $(B)/dom0/obj/, one per source, shared between programs.

D0_OBJ := $(B)/dom0/obj
D0_BIN := $(B)/dom0/bin
D0_CFLAGS := -O2 -g -std=gnu11 -D_GNU_SOURCE $(WARN) \
	-Iguest-abi -Idom0-tools \
	-fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
D0_LDFLAGS := -pie -Wl,-z,relro,-z,now

$(D0_OBJ)/%.o: dom0-tools/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(D0_CFLAGS) $(D0_CFLAGS_$(*F)) -MMD -MP -c -o $@ $<

# $(1) program, $(2) sources below dom0-tools/, $(3) libraries
define dom0_program
$(D0_BIN)/$(1): $(patsubst %.c,$(D0_OBJ)/%.o,$(2))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(D0_LDFLAGS) -o $$@ $$(filter %.o,$$^) $(3)
ALL += $(D0_BIN)/$(1)
endef

include $(sort $(wildcard dom0-tools/*/module.mk))
