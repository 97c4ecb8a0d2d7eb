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

# The program as it is, but for the frontend's memory.
BE_KILL := $(BE_TB)/blkback-fake $(BE_TB)/blk_kill
BE_R_CFLAGS := $(D0_CFLAGS) -Itests/host

$(BE_TB)/real/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(BE_R_CFLAGS) -MMD -MP -c -o $@ $<

$(BE_TB)/blkback-fake: $(patsubst %.c,$(D0_OBJ)/%.o,$(BLK_SRCS) \
		$(BACKEND_CORE)) $(BE_TB)/real/tests/host/blk_fake_gmap.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(D0_LDFLAGS) -o $@ $^ $(BACKEND_LIBS) $(BLK_LIBS)

$(BE_TB)/blk_kill: $(BE_TB)/real/tests/host/blk_kill.o \
		$(D0_OBJ)/backend/proto.o $(D0_OBJ)/backend/journal.o
	$(Q)$(CC) -pie -o $@ $^

$(BE_TB)/blk_journal: $(BE_TB)/real/tests/host/blk_journal.o \
		$(D0_OBJ)/backend/journal.o $(D0_OBJ)/backend/ring.o
	$(Q)$(CC) -pie -o $@ $^
