# SPDX-License-Identifier: GPL-2.0-or-later
#
# The contract in guest-abi, held against Xen's own headers (libxen-dev),
# against its recorded layout, and against every way of including it.

ABI_OUT := $(B)/tests/abi
ABI_HEADERS := $(shell find guest-abi/abi -name '*.h' | sort)
ABI_SOURCES := $(ABI_HEADERS) $(shell find guest-abi/abi -name '*.def')
ABI_CFLAGS := -std=gnu11 -O0 $(WARN) -Itests/abi -I$(ABI_OUT)

.PHONY: check-abi check-headers check-ring check-abi-doc \
	update-abi-golden
CHECKS += check-headers check-abi check-ring check-abi-doc

$(ABI_OUT)/rows.inc: tests/abi/rows.py tests/abi/ours-only.list $(ABI_SOURCES)
	$(call say,ROWS,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tests/abi/rows.py guest-abi/abi tests/abi/ours-only.list > $@

$(ABI_OUT)/all-headers.inc: $(ABI_HEADERS)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include <%s>\n' $(ABI_HEADERS:guest-abi/%=%) > $@

$(ABI_OUT)/table_ours.o: tests/abi/table_ours.c tests/abi/rows.h \
		tests/abi/table.h $(ABI_OUT)/rows.inc \
		$(ABI_OUT)/all-headers.inc $(ABI_SOURCES)
	$(call say,CC,$@)
	$(Q)$(CC) $(ABI_CFLAGS) -Iguest-abi -c -o $@ $<

# Xen's headers do not pass our warnings.
$(ABI_OUT)/table_xen.o: tests/abi/table_xen.c tests/abi/rows.h \
		tests/abi/table.h $(ABI_OUT)/rows.inc
	$(call say,CC,$@)
	$(Q)$(CC) $(ABI_CFLAGS) -w -c -o $@ $<

$(ABI_OUT)/compare: tests/abi/compare.c tests/abi/table.h \
		$(ABI_OUT)/table_ours.o $(ABI_OUT)/table_xen.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ABI_CFLAGS) -o $@ $(filter %.c %.o,$^)

check-abi: $(ABI_OUT)/compare
	$(Q)$<
	$(Q)$< golden | diff -u guest-abi/layout.golden - || \
		{ echo 'the contract changed: if that is meant,' \
		  '`make update-abi-golden` and review the difference'; exit 1; }
	$(Q)tests/abi/check-omitted $(ABI_OUT)

update-abi-golden: $(ABI_OUT)/compare
	$(Q)$< golden > guest-abi/layout.golden

check-headers:
	$(Q)tests/abi/check-headers guest-abi '$(WARN)'

$(ABI_OUT)/test_ring: tests/abi/test_ring.c $(ABI_SOURCES)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g $(WARN) -fsanitize=address,undefined \
		-Iguest-abi -o $@ $< -pthread

# A lost event would let the two threads wait for ever.
check-ring: $(ABI_OUT)/test_ring
	$(Q)timeout 120 $<

check-abi-doc:
	$(Q)scripts/gen-abi-doc --check
