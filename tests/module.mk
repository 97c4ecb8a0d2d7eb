# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every layer of tests.  A folder tests/NAME with a module.mk adds its own make
# targets to CHECKS (fast, first) or TESTS (in order); then come the micro-guests
# and the whole-system tests.  scripts/run-tests runs all layers, whatever fails,
# and adds up what they print.

include $(sort $(wildcard tests/*/module.mk))

PYTEST := $(PY) -B -m pytest -p no:cacheprovider -q
# A machine is idle for much of its life, so as many run as there are CPUs (at
# most four: each takes some GiB of memory); the tests of one class share one.
BOOT_JOBS ?= $(shell n=$$(nproc); echo $$((n < 4 ? n : 4)))
PYTEST_BOOT = $(PYTEST) -n $(BOOT_JOBS) --dist loadscope
LAYER_MAKE = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
	$(MAKE) --no-print-directory -j$(shell nproc)
T ?=

# Images that the system tests boot; what is not in ALL yet is not expected.
BOOT_ENV = BUILD=$(abspath $(B)) HYP=$(HYP) TOOLS=$(TOOLS) \
	EXPECT="$(filter $(B)/parvis $(B)/dom0/bin/xl,$(ALL))"

.PHONY: test test-layers test-boot test-boot-deps test-guest test-long
test:
	$(Q)scripts/install-deps build run test
	$(AGAIN) test-layers

test-layers:
	+$(Q)scripts/run-tests --log-dir $(B)/test \
		'build=$(LAYER_MAKE) all' \
		$(foreach t,$(CHECKS) $(TESTS),'$(t)=$(LAYER_MAKE) $(t)') \
		$(if $(wildcard tests/guest/run.py), \
			'test-guest=$(LAYER_MAKE) test-guest') \
		'test-boot=$(LAYER_MAKE) test-boot-deps && $(BOOT_ENV) $(PYTEST_BOOT) -m "not long" tests/boot'

test-guest: all micro-guests
	$(Q)$(PY) -B tests/guest/run.py

test-boot-deps: all micro-guests $(B)/cache/linux-6.1/vmlinuz $(B)/cache/linux-6.12/vmlinuz \
	$(B)/cache/xen-4.17/xen $(B)/cache/qemu10/bin/qemu frontends \
	$(B)/cache/debian-12/disk.raw

test-boot: test-boot-deps
	$(Q)$(BOOT_ENV) $(PYTEST_BOOT) -v $(T) tests/boot

# What `make test` leaves out because it takes as long again.
test-long: test-boot-deps
	$(Q)$(BOOT_ENV) $(PYTEST_BOOT) -v -m long $(T) tests/boot
