// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ThreadSanitizer calls these for accesses by READ_ONCE and WRITE_ONCE: those
 * say of themselves that they race, so nothing is to be reported.
 */
#define ACCESS(n)                                                \
	void __tsan_volatile_read##n(void *p);                   \
	void __tsan_volatile_write##n(void *p);                  \
	void __tsan_volatile_read##n(void *p) { (void)p; }       \
	void __tsan_volatile_write##n(void *p) { (void)p; }

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
