// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounded formatted output.  One conversion is parsed into struct conv, then
 * printed by its own function; output past the buffer is counted only.
 */
#include <lib/str.h>

struct out {
	char *buf;
	size_t size, len;
};

struct conv {
	bool zero, left, upper, plus, alt;
	int width, precision; /* precision -1: none */
	int length; /* bytes of the integer argument */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_padded(struct out *o, const struct conv *c, const char *s,
		       int n)
{
	int pad = c->width > n ? c->width - n : 0;

	for (int i = 0; i < pad && !c->left; i++)
		put(o, ' ');
	for (int i = 0; i < n; i++)
		put(o, s[i]);
	for (int i = 0; i < pad && c->left; i++)
		put(o, ' ');
}

static void put_number(struct out *o, const struct conv *c, uint64_t v,
		       unsigned int base, const char *sign)
{
	const char *digits = c->upper ? "0123456789ABCDEF" :
					"0123456789abcdef";
	char tmp[96];
	int n = 0, digits_min = c->precision;
	int sign_len = (int)strlen(sign);

	if (c->zero && !c->left && c->precision < 0)
		digits_min = c->width - sign_len;
	digits_min = MIN(digits_min, 64);
	do {
		tmp[sizeof(tmp) - 1 - n++] = digits[v % base];
		v /= base;
	} while (v);
	while (n < digits_min)
		tmp[sizeof(tmp) - 1 - n++] = '0';
	for (int i = sign_len - 1; i >= 0; i--)
		tmp[sizeof(tmp) - 1 - n++] = sign[i];
	put_padded(o, c, tmp + sizeof(tmp) - n, n);
}

static int64_t signed_of(uint64_t v, int length)
{
	switch (length) {
	case 1:
		return (int8_t)v;
	case 2:
		return (int16_t)v;
	case 4:
		return (int32_t)v;
	default:
		return (int64_t)v;
	}
}

static void put_signed(struct out *o, const struct conv *c, int64_t v)
{
	if (v < 0)
		put_number(o, c, -(uint64_t)v, 10, "-");
	else
		put_number(o, c, (uint64_t)v, 10, c->plus ? "+" : "");
}

static uint64_t cut(uint64_t v, int length)
{
	return length >= 8 ? v : v & ((1UL << (length * 8)) - 1);
}

static void put_string(struct out *o, const struct conv *c, const char *s)
{
	size_t max = c->precision < 0 ? (size_t)-1 : (size_t)c->precision;

	if (!s)
		s = "(null)";
	put_padded(o, c, s, (int)strnlen(s, max));
}

static const char *parse_flags(const char *f, struct conv *c)
{
	for (;; f++) {
		if (*f == '0')
			c->zero = true;
		else if (*f == '-')
			c->left = true;
		else if (*f == '+')
			c->plus = true;
		else if (*f == '#')
			c->alt = true;
		else
			return f;
	}
}

static const char *parse_int(const char *f, int *out)
{
	int v = 0;

	while (*f >= '0' && *f <= '9' && v < 4096)
		v = v * 10 + (*f++ - '0');
	*out = v;
	return f;
}

static const char *parse_length(const char *f, struct conv *c)
{
	c->length = 4;
	if (*f == 'l' || *f == 'z' || *f == 'j' || *f == 't') {
		c->length = 8;
		f++;
		if (*f == 'l')
			f++;
	} else if (*f == 'h') {
		c->length = 2;
		f++;
		if (*f == 'h') {
			c->length = 1;
			f++;
		}
	}
	return f;
}

/* The integer conversions; false if @kind is none of them. */
static bool put_integer(struct out *o, struct conv *c, char kind, uint64_t v)
{
	switch (kind) {
	case 'd':
	case 'i':
		put_signed(o, c, signed_of(v, c->length));
		return true;
	case 'u':
		put_number(o, c, cut(v, c->length), 10, "");
		return true;
	case 'X':
		c->upper = true;
		__attribute__((fallthrough));
	case 'x':
		put_number(o, c, cut(v, c->length), 16, c->alt ? "0x" : "");
		return true;
	case 'o':
		put_number(o, c, cut(v, c->length), 8, "");
		return true;
	default:
		return false;
	}
}

int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap_in)
{
	struct out o = { buf, size, 0 };
	va_list ap;

	va_copy(ap, ap_in);
	for (const char *f = fmt; *f; f++) {
		struct conv c = { .precision = -1 };
		char ch;

		if (*f != '%') {
			put(&o, *f);
			continue;
		}
		f = parse_flags(f + 1, &c);
		if (*f == '*') {
			c.width = va_arg(ap, int);
			f++;
		} else {
			f = parse_int(f, &c.width);
		}
		if (*f == '.' && f[1] == '*') {
			c.precision = va_arg(ap, int);
			f += 2;
		} else if (*f == '.') {
			f = parse_int(f + 1, &c.precision);
		}
		f = parse_length(f, &c);
		if (*f == '\0')
			break;
		switch (*f) {
		case 's':
			put_string(&o, &c, va_arg(ap, const char *));
			break;
		case 'c':
			ch = (char)va_arg(ap, int);
			put_padded(&o, &c, &ch, 1);
			break;
		case 'p':
			put_number(&o, &c, (uintptr_t)va_arg(ap, void *), 16,
				   "0x");
			break;
		case '%':
			put(&o, '%');
			break;
		default:
			put_integer(&o, &c, *f,
				    c.length == 8 ? va_arg(ap, uint64_t) :
						    va_arg(ap, unsigned int));
		}
	}
	va_end(ap);
	if (size)
		buf[MIN(o.len, size - 1)] = '\0';
	return (int)o.len;
}

int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = fmt_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
