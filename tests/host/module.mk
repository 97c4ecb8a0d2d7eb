# SPDX-License-Identifier: GPL-2.0-or-later
#
# Host tests: every NAME.mk here adds its own targets.

include $(sort $(filter-out tests/host/module.mk,$(wildcard tests/host/*.mk)))
