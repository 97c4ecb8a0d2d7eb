# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the toolstack: unit tests under sanitizers, among them one that
# makes a guest against a fake hypervisor and a fake store with every single
# operation failing in turn, and short runs of the fuzzers.
#
#	make test-xl			all of it
#	make fuzz-xl FUZZ_TIME=600	the fuzzers for longer

XL_TB := $(B)/test/xl
XL_T_CFLAGS := -O1 -g -std=gnu11 -D_GNU_SOURCE $(WARN) -Iguest-abi \
	-Idom0-tools -Ihypervisor -Itests/host -I$(D0_GEN) -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
# Below dom0-tools/, but for the hypervisor's files.
xl_t_paths = $(filter hypervisor/%,$(1)) \
	$(addprefix dom0-tools/,$(filter-out hypervisor/%,$(1)))
XL_T_SRC := $(call xl_t_paths,$(D0_CFG_SRCS) cli/xlconf.c $(D0_BUILD_SRCS) \
	$(D0_DAEMON_SRCS) lib/hv_calls.c lib/hv_domain.c $(D0_BASE_SRCS))
XL_T_CORE := $(patsubst %.c,$(XL_TB)/%.o,$(XL_T_SRC)) \
	$(XL_TB)/gen/cfg_gram.o $(XL_TB)/gen/cfg_lex.o
XL_T_LIBS := $(D0_BUILD_LIBS) -llzma -lyajl -luuid
XL_T_UNIT := device_spec xl_cfg xl_conf xl_kernel xl_plan xl_make xl_server
XL_T_FUZZ := fuzz_cfg fuzz_disk fuzz_vif fuzz_kernel_image

$(XL_TB)/%.o: %.c $(D0_GEN)/cfg_gram.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(XL_T_CFLAGS) -MMD -MP -c -o $@ $<

$(XL_TB)/gen/%.o: $(D0_GEN)/%.c $(D0_GEN)/cfg_gram.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out $(WARN),$(XL_T_CFLAGS)) -c -o $@ $<

$(XL_T_UNIT:%=$(XL_TB)/%): $(XL_TB)/%: $(XL_TB)/tests/host/%.o $(XL_T_CORE)
	$(Q)$(CC) $(XL_T_CFLAGS) -o $@ $^ -lcmocka $(XL_T_LIBS)

$(XL_TB)/xl_server: $(XL_TB)/dom0-tools/daemon/server.o
$(XL_TB)/xl_make: $(XL_TB)/tests/host/xl_fake_hv.o \
	$(XL_TB)/tests/host/xl_fake_store.o

XL_FUZZ_SRC := $(call xl_t_paths,$(D0_CFG_SRCS) cli/xlconf.c \
	build/kernel_image.c build/plan_pv.c build/unpack.c $(D0_SHARED_SRCS) \
	lib/fail.c lib/json.c lib/nearest.c lib/strbuf.c)

$(XL_T_FUZZ:%=$(XL_TB)/%): $(XL_TB)/%: tests/fuzz/%.c $(XL_FUZZ_SRC) \
		$(D0_GEN)/cfg_gram.c $(D0_GEN)/cfg_lex.c
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(filter-out -fno-sanitize-recover=all $(WARN),\
		$(XL_T_CFLAGS)) -fsanitize=fuzzer,address,undefined \
		-o $@ $^ $(XL_T_LIBS)

.PHONY: test-xl fuzz-xl
test-xl: $(XL_T_UNIT:%=$(XL_TB)/%) $(XL_T_FUZZ:%=$(XL_TB)/%) $(D0_BIN)/xl
	$(Q)dom0-tools/cli/gen-man --check
	$(Q)timeout 120 tests/host/xl_dry.sh $(D0_BIN)/xl
	$(Q)set -e; for t in $(XL_T_UNIT); do \
		echo "== $$t"; timeout 120 $(XL_TB)/$$t; done
	$(Q)set -e; for t in $(XL_T_FUZZ); do \
		echo "== $$t (short run)"; \
		rm -rf $(XL_TB)/found/$$t; mkdir -p $(XL_TB)/found/$$t; \
		timeout 180 $(XL_TB)/$$t -seed=1 -runs=20000 -max_len=16384 \
			-verbosity=0 -print_final_stats=0 $(XL_TB)/found/$$t \
			tests/fuzz/seeds/$$t 2>&1 | tail -1; \
		test $${PIPESTATUS[0]} = 0; done

fuzz-xl: $(XL_T_FUZZ:%=$(XL_TB)/%)
	$(Q)set -e; for t in $(XL_T_FUZZ); do mkdir -p $(XL_TB)/corpus/$$t; \
		$(XL_TB)/$$t -max_total_time=$(or $(FUZZ_TIME),60) \
			-max_len=16384 $(XL_TB)/corpus/$$t \
			tests/fuzz/seeds/$$t; done

TESTS += test-xl
