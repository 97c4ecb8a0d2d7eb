// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LZMA2: chunks, raw or of LZMA.  The output is one flat buffer that is also
 * the dictionary.  What costs time is the decoding of single bits against
 * adaptive probabilities, some 10^8 for a kernel, so that part is macros over
 * locals, a bit's new probability is one table look-up, and input is checked
 * once for each symbol: a symbol never takes more than SYMBOL_INPUT bytes.
 *
 * All state is in the caller's work memory.
 */
#include <lib/decompress.h>
#include <lib/str.h>

#define PROB_BITS 11
#define PROB_ONE (1u << PROB_BITS)
#define PROB_INIT (PROB_ONE / 2)
#define PROB_SHIFT 5
#define RANGE_MIN (1u << 24)
#define SYMBOL_INPUT 20 /* 22 modelled bits of at most 6.05, 26 direct */

#define STATES 12
#define STATES_LITERAL 7 /* states below: the last symbol was a literal */
#define POS_STATES 16
#define LITERAL_PROBS 0x300
#define LITERAL_CODERS 16 /* lc + lp <= 4 */
#define MATCH_MIN 2

struct len_coder {
	uint16_t choice, choice2;
	uint16_t low[POS_STATES][8], mid[POS_STATES][8], high[256];
};

struct lzma {
	/* What a bit does to its probability: [0] and [1]. */
	uint16_t next[2][PROB_ONE];

	/* The probabilities, from here to the end. */
	uint16_t is_match[STATES][POS_STATES];
	uint16_t is_rep[STATES], is_rep0[STATES], is_rep1[STATES],
		is_rep2[STATES];
	uint16_t is_rep0_long[STATES][POS_STATES];
	uint16_t slot[4][64]; /* by match length */
	uint16_t special[128]; /* distances of slots 4 to 13 */
	uint16_t align[16];
	struct len_coder match_len, rep_len;
	uint16_t literal[LITERAL_CODERS][LITERAL_PROBS];

	/* Between chunks. */
	uint32_t state, rep0, rep1, rep2, rep3;
	uint32_t lc, lp_mask, pb_mask;
	bool need_props, need_reset, need_dict;
};

_Static_assert(sizeof(struct lzma) <= LZMA2_WORK_SIZE, "working memory");

/* A range coder's reader, and where the flat output stands. */
struct span {
	const uint8_t *in, *in_safe; /* below in_safe a whole symbol can be read */
	uint8_t *out, *out_end; /* of this chunk */
	uint8_t *dict; /* the oldest byte that a match may reach */
	uint8_t *out_room; /* end of the memory that may be written */
};

static void probs_reset(struct lzma *z)
{
	uint16_t *p = &z->is_match[0][0];
	uint16_t *end = &z->literal[0][0] + sizeof(z->literal) / 2;

	while (p < end)
		*p++ = PROB_INIT;
	z->state = 0;
	z->rep0 = z->rep1 = z->rep2 = z->rep3 = 0;
}

static void tables_init(struct lzma *z)
{
	for (uint32_t p = 0; p < PROB_ONE; p++) {
		z->next[0][p] = (uint16_t)(p + ((PROB_ONE - p) >> PROB_SHIFT));
		z->next[1][p] = (uint16_t)(p - (p >> PROB_SHIFT));
	}
}

/*
 * The bit decoder.  It works on the locals range, code and in; cell, prob and
 * bound are scratch.  DECODE(p, zero, one) executes one of the two.
 */
#define NORMALISE                                     \
	do {                                          \
		if (unlikely(range < RANGE_MIN)) {    \
			range <<= 8;                  \
			code = code << 8 | *in++;     \
		}                                     \
	} while (0)

#define DECODE(p, zero, one)                                 \
	do {                                                 \
		cell = (p);                                  \
		prob = *cell;                                \
		NORMALISE;                                   \
		bound = (range >> PROB_BITS) * prob;         \
		if (code < bound) {                          \
			range = bound;                       \
			*cell = z->next[0][prob];            \
			zero;                                \
		} else {                                     \
			range -= bound;                      \
			code -= bound;                       \
			*cell = z->next[1][prob];            \
			one;                                 \
		}                                            \
	} while (0)

/*
 * One step of a bit tree.  The compiler would keep &probs[sym] in a register
 * of its own from the load to the store, at the cost of an instruction a bit;
 * that sym may have changed in between keeps it from that.
 */
#define OPAQUE(x) __asm__("" : "+r"(x))
#define TREE(probs, sym)                                     \
	do {                                                 \
		prob = (probs)[sym];                         \
		NORMALISE;                                   \
		bound = (range >> PROB_BITS) * prob;         \
		OPAQUE(sym);                                 \
		if (code < bound) {                          \
			range = bound;                       \
			(probs)[sym] = z->next[0][prob];     \
			sym += sym;                          \
		} else {                                     \
			range -= bound;                      \
			code -= bound;                       \
			(probs)[sym] = z->next[1][prob];     \
			sym += sym + 1;                      \
		}                                            \
	} while (0)

/* One step of a literal, guided by the byte at distance rep0. */
#define MATCHED(probs, sym, byte, done)                                    \
	do {                                                               \
		uint32_t guess_;                                           \
		byte <<= 1;                                                \
		guess_ = byte & 0x100;                                     \
		DECODE(&(probs)[0x100 + guess_ + sym], sym += sym;            \
		    if (guess_) goto done, sym += sym + 1;                 \
		    if (!guess_) goto done);                               \
	} while (0)

/* Copy up to @end in steps of eight bytes, of which the last may go beyond. */
static inline void copy_wide(uint8_t *out, const uint8_t *end,
			     const uint8_t *src)
{
	do {
		uint64_t w;

		__builtin_memcpy(&w, src, 8);
		__builtin_memcpy(out, &w, 8);
		src += 8;
		out += 8;
	} while (out < end);
}

/*
 * From less than eight bytes back: a run.  Once it has been continued to
 * eight or more bytes, a whole number of its periods back is as good a source;
 * long runs of zeros are half of a kernel.
 */
static void copy_run(uint8_t *out, const uint8_t *end, const uint8_t *room,
		     size_t dist)
{
	static const uint8_t periods[8] = { 0, 8, 8, 9, 8, 10, 12, 14 };
	const uint8_t *src = out - dist, *start = src;
	const uint8_t *stop = start + periods[dist];
	bool wide = end > stop && room - end >= 8;

	if (!wide)
		stop = end;
	while (out < stop)
		*out++ = *src++;
	if (wide)
		copy_wide(out, end, start);
}

/*
 * Copy @len bytes from @dist back. Sources and targets may overlap; where
 * there is room, eight bytes at a time, also beyond the end.
 */
static inline uint8_t *copy_match(uint8_t *out, const uint8_t *room,
				  size_t dist, uint32_t len)
{
	const uint8_t *src = out - dist;
	uint8_t *end = out + len;

	if (unlikely(dist < 8)) {
		copy_run(out, end, room, dist);
		return end;
	}
	if (likely(room - end >= 8)) {
		copy_wide(out, end, src);
		return end;
	}
	while (out < end)
		*out++ = *src++;
	return end;
}

/*
 * Decode symbols until the chunk's output is full. 0, or -EINVAL: the input
 * ran out, a distance reaches before the dictionary, or a match beyond the
 * chunk. Long because all its state must be in registers.
 */
static int lzma_symbols(struct lzma *z, struct span *s)
{
	const uint8_t *in = s->in, *const in_safe = s->in_safe;
	uint8_t *out = s->out, *const out_end = s->out_end;
	uint32_t range = ~0u, code = 0, prob, bound;
	uint16_t *cell; /* of the bit being decoded */
	uint32_t state = z->state;
	uint32_t rep0 = z->rep0;

	if (in >= in_safe || *in != 0)
		return -EINVAL;
	for (int i = 0; i < 5; i++)
		code = code << 8 | *in++;

	while (out < out_end) {
		uint32_t pos = (uint32_t)(out - s->dict);
		uint32_t pos_state = pos & z->pb_mask;
		size_t sym, slot; /* as wide as an address: they are indices */
		uint32_t len, i;
		struct len_coder *lens;
		uint16_t *probs;

		if (unlikely(in >= in_safe))
			return -EINVAL;
		DECODE(&z->is_match[state][pos_state], , goto match);

		/* A literal. */
		i = out == s->dict ? 0 : out[-1];
		probs = z->literal[((pos & z->lp_mask) << z->lc) +
				   (i >> (8 - z->lc))];
		sym = 1;
		if (state < STATES_LITERAL) {
			state = state < 4 ? 0 : state - 3;
			TREE(probs, sym);
plain1:			TREE(probs, sym);
plain2:			TREE(probs, sym);
plain3:			TREE(probs, sym);
plain4:			TREE(probs, sym);
plain5:			TREE(probs, sym);
plain6:			TREE(probs, sym);
plain7:			TREE(probs, sym);
		} else {
			uint32_t byte = *(out - rep0 - 1);

			state -= state < 10 ? 3 : 6;
			MATCHED(probs, sym, byte, plain1);
			MATCHED(probs, sym, byte, plain2);
			MATCHED(probs, sym, byte, plain3);
			MATCHED(probs, sym, byte, plain4);
			MATCHED(probs, sym, byte, plain5);
			MATCHED(probs, sym, byte, plain6);
			MATCHED(probs, sym, byte, plain7);
			MATCHED(probs, sym, byte, literal_done);
		}
literal_done:
		*out++ = (uint8_t)sym;
		continue;

match:
		DECODE(&z->is_rep[state], goto fresh, );
		/* A repeated distance. */
		DECODE(&z->is_rep0[state], goto rep0_len, );
		DECODE(&z->is_rep1[state], i = z->rep1; z->rep1 = rep0,
		    DECODE(&z->is_rep2[state], i = z->rep2,
			i = z->rep3; z->rep3 = z->rep2);
		    z->rep2 = z->rep1; z->rep1 = rep0);
		rep0 = i;
rep_len:
		state = state < STATES_LITERAL ? 8 : 11;
		lens = &z->rep_len;
		goto length;
rep0_len:
		DECODE(&z->is_rep0_long[state][pos_state], , goto rep_len);
		state = state < STATES_LITERAL ? 9 : 11;
		if (unlikely(rep0 >= pos))
			return -EINVAL;
		*out = *(out - rep0 - 1);
		out++;
		continue;

fresh:
		state = state < STATES_LITERAL ? 7 : 10;
		lens = &z->match_len;
		z->rep3 = z->rep2;
		z->rep2 = z->rep1;
		z->rep1 = rep0;
length:
		sym = 1;
		DECODE(&lens->choice,
		    probs = lens->low[pos_state]; len = MATCH_MIN - 8,
		    DECODE(&lens->choice2,
			probs = lens->mid[pos_state]; len = MATCH_MIN,
			probs = lens->high; len = MATCH_MIN + 16 - 256;
			for (i = 0; i < 5; i++)
				TREE(probs, sym)));
		TREE(probs, sym);
		TREE(probs, sym);
		TREE(probs, sym);
		len += (uint32_t)sym;

		if (lens == &z->match_len) {
			probs = z->slot[MIN(len - MATCH_MIN, 3u)];
			slot = 1;
			TREE(probs, slot);
			TREE(probs, slot);
			TREE(probs, slot);
			TREE(probs, slot);
			TREE(probs, slot);
			TREE(probs, slot);
			slot -= 64;
			rep0 = (uint32_t)slot;
			if (slot >= 4) {
				uint32_t bits = (uint32_t)(slot >> 1) - 1;

				rep0 = (uint32_t)(2 | (slot & 1)) << bits;
				if (slot < 14) {
					probs = z->special + rep0 - slot;
					sym = 1;
					i = 1;
					do {
						DECODE(&probs[sym], sym += sym,
						    sym += sym + 1; rep0 += i);
						i += i;
					} while (--bits);
				} else {
					uint32_t direct = 0, zero;

					bits -= 4;
					do {
						NORMALISE;
						range >>= 1;
						code -= range;
						zero = 0 - (code >> 31);
						code += range & zero;
						direct += direct + 1 + zero;
					} while (--bits);
					rep0 += direct << 4;
					probs = z->align;
					sym = 1;
					DECODE(&probs[sym], sym += sym,
					    sym += sym + 1; rep0 += 1);
					DECODE(&probs[sym], sym += sym,
					    sym += sym + 1; rep0 += 2);
					DECODE(&probs[sym], sym += sym,
					    sym += sym + 1; rep0 += 4);
					DECODE(&probs[sym], , rep0 += 8);
				}
			}
		}
		if (unlikely(rep0 >= pos || len > (size_t)(out_end - out)))
			return -EINVAL;
		out = copy_match(out, s->out_room, (size_t)rep0 + 1, len);
	}
	NORMALISE;
	if (code != 0)
		return -EINVAL;
	z->state = state;
	z->rep0 = rep0;
	s->in = in;
	s->out = out;
	return 0;
}

/* The byte of a chunk's header that packs (pb * 5 + lp) * 9 + lc. */
static int set_props(struct lzma *z, uint8_t byte)
{
	unsigned int lc, lp, pb;

	if (byte >= 9 * 5 * 5)
		return -EINVAL;
	lc = byte % 9;
	lp = byte / 9 % 5;
	pb = byte / 45;
	if (lc + lp > 4)
		return -EINVAL;
	z->lc = lc;
	z->lp_mask = (1u << lp) - 1;
	z->pb_mask = (1u << pb) - 1;
	z->need_props = false;
	return 0;
}

/* What a control byte's upper bits ask for before an LZMA chunk. */
static int apply_resets(struct lzma *z, uint8_t control, uint8_t props)
{
	unsigned int reset = (control >> 5) & 3;

	if (reset >= 2) {
		if (set_props(z, props))
			return -EINVAL;
	} else if (z->need_props) {
		return -EINVAL;
	}
	if (reset >= 1) {
		probs_reset(z);
		z->need_reset = false;
	}
	return z->need_reset ? -EINVAL : 0;
}

static int raw_chunk(struct lzma *z, struct span *s, const uint8_t *end,
		     uint8_t control)
{
	size_t len;

	if (control > 2 || (control == 2 && z->need_dict) || end - s->in < 3)
		return -EINVAL;
	if (control == 1) {
		s->dict = s->out;
		z->need_dict = false;
		z->need_props = true; /* so that stale distances are reset */
	}
	len = ((size_t)s->in[1] << 8 | s->in[2]) + 1;
	s->in += 3;
	if (len > (size_t)(end - s->in))
		return -EINVAL;
	if (len > (size_t)(s->out_room - s->out))
		return -ENOSPC;
	memcpy(s->out, s->in, len);
	s->in += len;
	s->out += len;
	return 0;
}

static int lzma_chunk(struct lzma *z, struct span *s, const uint8_t *end,
		      uint8_t control)
{
	const uint8_t *h = s->in, *stop;
	unsigned int head = control >= 0xc0 ? 6 : 5;
	size_t packed, plain;
	int rc;

	if (end - h < (long)head)
		return -EINVAL;
	if (control >= 0xe0) {
		s->dict = s->out;
		z->need_dict = false;
	}
	if (z->need_dict || apply_resets(z, control, head == 6 ? h[5] : 0))
		return -EINVAL;
	plain = ((size_t)(control & 0x1f) << 16 | (size_t)h[1] << 8 | h[2]) + 1;
	packed = ((size_t)h[3] << 8 | h[4]) + 1;
	s->in += head;
	if (packed > (size_t)(end - s->in))
		return -EINVAL;
	if (plain > (size_t)(s->out_room - s->out))
		return -ENOSPC;
	stop = s->in + packed;
	s->out_end = s->out + plain;
	rc = lzma_symbols(z, s);
	return rc == 0 && s->in != stop ? -EINVAL : rc;
}

int lzma2_decode(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_cap,
		 void *work, size_t *used, size_t *made)
{
	struct lzma *z = work;
	struct span s = { .in = in, .out = out, .dict = out,
			  .out_room = out + out_cap };
	const uint8_t *end = in + in_len;
	int rc = 0;

	if (in_len <= SYMBOL_INPUT)
		return -EINVAL;
	s.in_safe = end - SYMBOL_INPUT;
	tables_init(z);
	z->need_props = z->need_reset = z->need_dict = true;
	while (rc == 0) {
		if (s.in >= end)
			return -EINVAL;
		if (*s.in == 0)
			break;
		rc = *s.in >= 0x80 ? lzma_chunk(z, &s, end, *s.in) :
				     raw_chunk(z, &s, end, *s.in);
	}
	*used = (size_t)(s.in - in) + 1;
	*made = (size_t)(s.out - out);
	return rc;
}
