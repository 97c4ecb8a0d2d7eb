# SPDX-License-Identifier: GPL-2.0-or-later
#
# xl, and the configuration parser that it shares with the daemon.

D0_GEN := $(B)/dom0/gen
# The descriptions of guests' devices, and their entries in the store.
D0_DEVICE_SRCS := device/disk.c device/disk_form.c device/nic.c \
	device/nic_form.c device/spec.c device/vdev.c
D0_ENTRIES_SRCS := device/entries.c device/writer.c
D0_CFG_SRCS := cli/cfg.c cli/cfg_ast.c cli/cfg_cpus.c cli/cfg_keys.c \
	cli/cfg_loader.c $(D0_DEVICE_SRCS)
D0_CFG_GEN := $(D0_GEN)/cfg_gram.o $(D0_GEN)/cfg_lex.o

$(D0_GEN)/cfg_gram.c: dom0-tools/cli/cfg_gram.y
	@mkdir -p $(@D)
	$(call say,BISON,$<)
	$(Q)bison -Wall -Werror --header=$(D0_GEN)/cfg_gram.h -o $@ $<

$(D0_GEN)/cfg_gram.h: $(D0_GEN)/cfg_gram.c

$(D0_GEN)/cfg_lex.c: dom0-tools/cli/cfg_lex.l
	@mkdir -p $(@D)
	$(call say,FLEX,$<)
	$(Q)flex -o $@ $<

# Generated code is not held to the project's own warnings.
$(D0_GEN)/%.o: $(D0_GEN)/%.c $(D0_GEN)/cfg_gram.h
	$(call say,CC,$<)
	$(Q)$(CC) $(filter-out $(WARN),$(D0_CFLAGS)) -Wall -MMD -MP -c -o $@ $<

$(D0_OBJ)/cli/cfg_ast.o: $(D0_GEN)/cfg_gram.h
D0_CFLAGS_cfg_ast := -I$(D0_GEN)

D0_XL_SRCS := $(patsubst dom0-tools/%,%,$(filter-out $(D0_CFG_SRCS:%=dom0-tools/%),\
	$(wildcard dom0-tools/cli/*.c)))

$(eval $(call dom0_program,xl,$(D0_XL_SRCS) $(D0_CFG_SRCS) $(D0_ENTRIES_SRCS) \
	$(D0_HV_SRCS) $(D0_BASE_SRCS),-lyajl -luuid))
$(D0_BIN)/xl: $(D0_CFG_GEN)
