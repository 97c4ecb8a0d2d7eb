# SPDX-License-Identifier: GPL-2.0-or-later
#
# The one entry point.  Each top-level folder contributes a module.mk, which
# only adds to the variables and targets named here; there is no recursion.
#
#	make		build everything into build/
#	make run	boot a control domain and a guest in QEMU, attach to it
#	make test	every layer of tests
#	make help	the rest

.DEFAULT_GOAL := all
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

B := build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
PYTHON ?= python3
Q := $(if $(V),,@)
say = @printf '  %-8s %s\n' $(1) $(2)

# Warnings that every C file of the project passes, with gcc and with clang.
WARN := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes \
	-Wstrict-prototypes -Wimplicit-fallthrough -Wtype-limits -Wundef \
	-Wvla -Wpointer-arith

ALL :=		# what plain `make` builds
CHECKS :=	# fast checks, run first by `make test`
TESTS :=	# test targets, in order

include guest-abi/module.mk
include hypervisor/module.mk
include dom0-tools/module.mk
include scripts/module.mk
include tests/module.mk
include linux-frontends/module.mk

.PHONY: all clean distclean help size
all: $(ALL)

clean:	# what was downloaded stays
	@mkdir -p $(B)
	find $(B) -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +

distclean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)
