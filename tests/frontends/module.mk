# SPDX-License-Identifier: GPL-2.0-or-later
#
# The frontends' queue logic on the host, against a scripted hostile backend:
# unit tests under sanitizers and a fuzzer; and both frontends whole on a fake
# kernel.  Besides, the modules are compiled
# for both kernels, once through DKMS.
#
#	make test-frontends			unit tests, a short run of the fuzzer
#	make test-modules			the modules and their package
#	make fuzz-frontends FUZZ_TIME=600	the fuzzer for longer

FET_OUT := $(B)/test/frontends
FET_CFLAGS := -O1 -g -std=gnu11 -D_GNU_SOURCE $(WARN) -Iguest-abi \
	-Ilinux-frontends -fsanitize=address,undefined -fno-omit-frame-pointer
FET_CORES := machine slots block net
FET_TESTS := $(FET_CORES) block_life net_life
FET_CORE := $(addprefix linux-frontends/,common/machine.c common/slots.c \
	block/ring.c net/tx.c net/rx.c net/ctrl.c) \
	$(addprefix tests/frontends/,block_fixture.c net_fixture.c)
FET_HEADERS := $(wildcard linux-frontends/*/*.h tests/frontends/*.h \
	guest-abi/abi/io/*.h)

$(FET_CORES:%=$(FET_OUT)/%_test): $(FET_OUT)/%: tests/frontends/%.c \
		$(FET_CORE) $(FET_HEADERS)
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)
	$(Q)$(CC) $(FET_CFLAGS) -fno-sanitize-recover=all \
		$(filter %.c,$^) -o $@ -lcmocka

# Both frontends whole on a fake kernel: each header that they include leads to
# fake.h, but for errno.h, which the host has.
FET_FAKE := $(addprefix tests/frontends/,fake.c fake_memory.c fake_bus.c \
	fake_disk.c fake_net.c)
FET_SHARED := $(addprefix linux-frontends/common/,device.c machine.c shared.c)
FET_BLOCK := $(wildcard linux-frontends/block/*.c)
FET_NET := $(filter-out %/ethtool.c,$(wildcard linux-frontends/net/*.c)) \
	linux-frontends/common/slots.c
FET_STUBS := $(FET_OUT)/stubs/made

$(FET_STUBS): $(FET_SHARED) $(FET_BLOCK) $(FET_NET) $(FET_HEADERS) \
		tests/frontends/module.mk
	@mkdir -p $(@D)
	$(Q)sed -n 's,^#include <\(\(linux\|xen\|net\)/.*\)>$$,\1,p' \
		$(filter linux-frontends/%,$^) | \
		grep -v errno | sort -u | while read -r h; do \
			mkdir -p $(@D)/$$(dirname $$h); \
			echo '#include "fake.h"' >$(@D)/$$h; done
	$(Q)touch $@

# Their lives, which have life.c in common.
FET_LIVES := $(FET_OUT)/block_life_test $(FET_OUT)/net_life_test
$(FET_OUT)/block_life_test: $(FET_BLOCK)
$(FET_OUT)/net_life_test: $(FET_NET)
$(FET_LIVES): $(FET_OUT)/%: tests/frontends/%.c tests/frontends/life.c \
		$(FET_FAKE) $(FET_SHARED) $(FET_HEADERS) $(FET_STUBS)
	$(call say,HOSTCC,$<)
	$(Q)$(CC) $(FET_CFLAGS) -isystem $(FET_OUT)/stubs -Itests/frontends \
		-Wno-sign-compare -Wno-unused-parameter \
		-fno-sanitize-recover=all $(filter %.c,$^) -o $@ -lcmocka

$(FET_OUT)/fuzz: tests/frontends/fuzz.c $(FET_CORE) $(FET_HEADERS)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(FET_CFLAGS) -fsanitize=fuzzer $(filter %.c,$^) -o $@

.PHONY: test-frontends fuzz-frontends
test-frontends: $(FET_TESTS:%=$(FET_OUT)/%_test) $(FET_OUT)/fuzz
	$(Q)set -e; for t in $(FET_TESTS); do \
		echo "== $$t"; timeout 120 $(FET_OUT)/$${t}_test; done
	$(Q)echo '== fuzz (short run)'; \
	timeout 300 $(FET_OUT)/fuzz -seed=1 -runs=100000 -max_len=1024 \
		-verbosity=0 -print_funcs=0 -artifact_prefix=$(FET_OUT)/ \
		>$(FET_OUT)/fuzz.log 2>&1 || \
		{ cat $(FET_OUT)/fuzz.log; exit 1; }; \
	echo 'summary: 1 passed, 0 failed, 0 skipped'

fuzz-frontends: $(FET_OUT)/fuzz
	@mkdir -p $(FET_OUT)/corpus
	$(FET_OUT)/fuzz -max_total_time=$(or $(FUZZ_TIME),60) -max_len=4096 \
		-artifact_prefix=$(FET_OUT)/ $(FET_OUT)/corpus

# The package is built as DKMS builds it, from what dkms-files installs.
FET_DKMS := $(abspath $(FET_OUT)/dkms)
.PHONY: test-modules
test-modules: frontends
	$(Q)set -e; for k in $(FE_KERNELS); do for m in $(FE_NAMES); do \
		modinfo -F vermagic $(FE_OUT)/$$k/$$m.ko | \
		grep -q "^$$(cat $(B)/cache/headers-$$k/release) "; done; done
	@echo 'summary: 2 passed, 0 failed, 0 skipped'
	$(Q)rm -rf $(FET_DKMS) && mkdir -p $(FET_DKMS)/tree
	$(Q)$(MAKE) -s --no-print-directory dkms-files DESTDIR=$(FET_DKMS)
	$(Q)dkms build $(FE_PACKAGE) --no-depmod \
		-k $$(cat $(B)/cache/headers-6.12/release) \
		--kernelsourcedir $(abspath $(B)/cache/headers-6.12/build) \
		--sourcetree $(FET_DKMS)/usr/src \
		--dkmstree $(FET_DKMS)/tree >$(FET_OUT)/dkms.log 2>&1 || \
		{ cat $(FET_OUT)/dkms.log $(FET_DKMS)/tree/*/*/build/make.log; \
		  exit 1; }
	$(Q)test $$(find $(FET_DKMS)/tree -path '*/module/*.ko*' | wc -l) = 3
	@echo 'summary: 1 passed, 0 failed, 0 skipped'

TESTS += test-frontends test-modules
