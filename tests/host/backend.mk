# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the backends' common library and of the block backend: unit tests
# under sanitizers, a model of the journal that dies at every instruction, a
# fuzzer with a hostile frontend, and the real process killed under load.
#
#	make test-backend			all of it
#	make fuzz-backend FUZZ_TIME=600		the fuzzer for longer
#	make kill-backend KILLS=1000		the killing for longer

BE_TB := $(B)/test/backend
BE_T_CFLAGS := -O1 -g -std=gnu11 -D_GNU_SOURCE $(WARN) -Iguest-abi \
	-Idom0-tools -Itests/host -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer

# The programs as they are, with NBD and without, but for the frontend's memory.
BE_KILL := $(BE_TB)/blkback-fake $(BE_TB)/blkback-plain $(BE_TB)/blk_kill
BE_R_CFLAGS := $(D0_CFLAGS) -Itests/host

$(BE_TB)/real/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(BE_R_CFLAGS) -MMD -MP -c -o $@ $<

$(BE_TB)/blkback-fake: $(patsubst %.c,$(D0_OBJ)/%.o,$(BLK_SRCS) \
		$(BACKEND_CORE)) $(BE_TB)/real/tests/host/blk_fake_gmap.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(D0_LDFLAGS) -o $@ $^ $(BACKEND_LIBS) $(BLK_LIBS)

$(BE_TB)/blkback-plain: $(patsubst %.c,$(D0_OBJ)/%.o,$(BLK_COMMON) \
		blkback/nbd_none.c $(BACKEND_CORE)) \
		$(BE_TB)/real/tests/host/blk_fake_gmap.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(D0_LDFLAGS) -o $@ $^ $(BACKEND_LIBS) -luring

$(BE_TB)/blk_kill: $(BE_TB)/real/tests/host/blk_kill.o \
		$(D0_OBJ)/backend/proto.o $(D0_OBJ)/backend/journal.o
	$(Q)$(CC) -pie -o $@ $^

$(BE_TB)/blk_journal: $(BE_TB)/real/tests/host/blk_journal.o \
		$(D0_OBJ)/backend/journal.o $(D0_OBJ)/backend/ring.o
	$(Q)$(CC) -pie -o $@ $^

# ---- unit tests ----

BE_T_CORE := $(patsubst %.c,$(BE_TB)/%.o,$(addprefix dom0-tools/,$(BLK_CORE) \
	$(BACKEND_CORE)) tests/host/blk_bed.c tests/host/blk_fake_gmap.c)
BE_T_UNIT := blk_core

$(BE_TB)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC-T,$<)
	$(Q)$(CC) $(BE_T_CFLAGS) -MMD -MP -c -o $@ $<

$(BE_T_UNIT:%=$(BE_TB)/%): $(BE_TB)/%: $(BE_TB)/tests/host/%.o $(BE_T_CORE)
	$(Q)$(CC) $(BE_T_CFLAGS) -o $@ $^ -lcmocka -lpthread $(BACKEND_LIBS)

# The real objects: a sanitizer's run-time would not survive the sandbox.
$(BE_TB)/blk_common: $(BE_TB)/real/tests/host/blk_common.o \
		$(BE_TB)/real/tests/host/blk_fake_gmap.o \
		$(patsubst %.c,$(D0_OBJ)/%.o,$(BACKEND_CORE))
	$(Q)$(CC) $(D0_LDFLAGS) -o $@ $^ -lcmocka $(BACKEND_LIBS)

$(BE_TB)/blk_loop: $(BE_TB)/real/tests/host/blk_loop.o \
		$(D0_OBJ)/blkback/loop.o
	$(Q)$(CC) $(D0_LDFLAGS) -o $@ $^ -lcmocka -luring -ldl

# ---- the fuzzer ----

$(BE_TB)/fuzz_blkring: tests/fuzz/fuzz_blkring.c tests/host/blk_bed.c \
		tests/host/blk_fake_gmap.c $(addprefix dom0-tools/, \
		$(BLK_CORE) $(BACKEND_CORE))
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(filter-out -fno-sanitize-recover=all,$(BE_T_CFLAGS)) \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $^ $(BACKEND_LIBS)

# ---- running ----

KILLS ?= 40
BE_MODES := 'persistent' 'persistent indirect order=1' 'indirect' \
	'queues=4 pool' 'buffered queues=2 order=1'

.PHONY: test-backend kill-backend fuzz-backend
test-backend: $(BE_T_UNIT:%=$(BE_TB)/%) $(BE_TB)/blk_common $(BE_TB)/blk_loop \
		$(BE_TB)/blk_journal $(BE_TB)/fuzz_blkring kill-backend
	$(Q)set -e; for t in $(BE_T_UNIT) blk_common blk_loop; do \
		echo "== $$t"; timeout 300 $(BE_TB)/$$t; done
	@echo '== blk_journal'
	$(Q)timeout 600 $(BE_TB)/blk_journal && \
		echo 'summary: 1 passed, 0 failed, 0 skipped'
	@echo '== fuzz_blkring (short run)'
	$(Q)rm -rf $(BE_TB)/found; mkdir -p $(BE_TB)/found; \
		timeout 600 $(BE_TB)/fuzz_blkring -seed=1 -runs=3000 \
			-max_len=512 -verbosity=0 -artifact_prefix=$(BE_TB)/ \
			$(BE_TB)/found >$(BE_TB)/fuzz_blkring.log 2>&1 || \
			{ cat $(BE_TB)/fuzz_blkring.log; exit 1; }
	@echo 'summary: 1 passed, 0 failed, 0 skipped'

# Each mode with KILLS kills; the directory's file system must know O_DIRECT.
kill-backend: $(BE_KILL)
	$(Q)mkdir -p $(BE_TB)/disk; set -e; for m in $(BE_MODES); do \
		echo "== blk_kill $$m"; \
		timeout 3600 $(BE_TB)/blk_kill $(BE_TB)/blkback-plain \
			$(BE_TB)/disk $(KILLS) 1 $$m; \
		echo 'summary: 1 passed, 0 failed, 0 skipped'; done
	@echo '== blk_kill over NBD'
	$(Q)d=$(abspath $(BE_TB))/disk; rm -rf $$d; mkdir -p $$d; \
		truncate -s 16M $$d/disk.img; \
		qemu-nbd --fork -t -e 8 --pid-file=$$d/pid -k $$d/s -f raw \
			--cache=none $$d/disk.img && \
		{ timeout 3600 $(BE_TB)/blk_kill $(BE_TB)/blkback-fake $$d \
			$(KILLS) 1 persistent nbd=$$d/s; rc=$$?; \
		kill $$(cat $$d/pid); [ $$rc = 0 ]; } && \
		echo 'summary: 1 passed, 0 failed, 0 skipped'
	$(Q)rm -rf $(BE_TB)/disk

fuzz-backend: $(BE_TB)/fuzz_blkring
	$(Q)mkdir -p $(BE_TB)/corpus; $< -max_total_time=$(or $(FUZZ_TIME),60) \
		-max_len=2048 -artifact_prefix=$(BE_TB)/ $(BE_TB)/corpus

TESTS += test-backend
