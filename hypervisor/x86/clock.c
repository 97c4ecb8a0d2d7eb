// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time since boot, from the TSC, which is taken to run at one rate on all
 * CPUs; the one deadline of each CPU.  State: the scale, written once at boot
 * before other CPUs run; the rate of the local APIC's timer.
 */
#include <boot/boot.h>
#include <port/cpu.h>
#include <port/log.h>
#include <port/time.h>
#include <x86/clock.h>
#include <x86/insn.h>
#include <x86/lapic.h>
#include <x86/x86.h>

#define NS_PER_SEC 1000000000UL
#define MEASURE_HZ 100 /* for a hundredth of a second */
#define FAR_AHEAD_NS (3600 * NS_PER_SEC) /* no deadline is set beyond */
#define GUESSED_KHZ 4000000UL

static struct time_scale scale = { .khz = GUESSED_KHZ };
static uint64_t apic_per_ms; /* LAPIC timer ticks */
static uint64_t boot_sec;
static uint32_t boot_nsec;

static uint64_t ticks_to_ns(uint64_t ticks)
{
	ticks = scale.shift < 0 ? ticks >> -scale.shift : ticks << scale.shift;
	return (uint64_t)((unsigned __int128)ticks * scale.mul >> 32);
}

uint64_t time_now(void)
{
	return scale.base_ns + ticks_to_ns(rdtsc() - scale.base_tsc);
}

const struct time_scale *time_scale(void)
{
	return &scale;
}

static uint64_t ns_to_ticks(uint64_t ns)
{
	return mul_div(ns, scale.khz, 1000000);
}

void clock_delay_us(uint64_t us)
{
	uint64_t end = rdtsc() + us * scale.khz / 1000;

	while ((int64_t)(rdtsc() - end) < 0)
		cpu_poll();
}

/* --- deadlines --- */

/* In ticks of the APIC's timer, as far ahead as it can count. */
static void set_by_count(uint64_t ns)
{
	uint64_t n = mul_div(MIN(ns, FAR_AHEAD_NS), apic_per_ms, 1000000);

	n = MIN(n, 0xffffffff);
	lapic_timer_set_count(n ? (uint32_t)n : 1);
}

static void stop(void)
{
	if (lapic_timer_is_tsc())
		lapic_timer_set_tsc(0);
	else
		lapic_timer_set_count(0);
}

/*
 * A deadline that a counter cannot reach fires early: whoever set it then
 * finds nothing due and sets it again.
 */
void time_set_deadline(uint64_t when)
{
	uint64_t now;

	if (when == ~0UL) {
		stop();
		return;
	}
	now = time_now();
	if (when <= now)
		cpu_raise(cpu_id(), WORK_TIMER);
	else if (lapic_timer_is_tsc())
		lapic_timer_set_tsc(rdtsc() + 1 +
				    ns_to_ticks(MIN(when - now, FAR_AHEAD_NS)));
	else
		set_by_count(when - now);
}

/* --- calibration --- */

struct sample {
	uint64_t ref, tsc;
	uint32_t apic;
};

/* Of a few readings the one that took least: nothing came in between. */
static struct sample take_sample(const struct reference *r)
{
	struct sample best = { 0 };
	uint64_t least = ~0UL;

	for (unsigned int n = 0; n < 4; n++) {
		uint64_t before = rdtsc(), ref = r->read(), after = rdtsc();

		if (after - before < least) {
			least = after - before;
			best.ref = ref;
			best.tsc = before + (after - before) / 2;
			best.apic = lapic_timer_count();
		}
	}
	return best;
}

static void set_scale(uint64_t hz)
{
	uint64_t ticks = hz;

	scale.khz = hz / 1000;
	scale.shift = 0;
	/* mul = 2^32 * 1e9 / (hz << shift) has to lie in [2^31, 2^32). */
	while (ticks > 2 * NS_PER_SEC) {
		ticks >>= 1;
		scale.shift--;
	}
	while (ticks <= NS_PER_SEC) {
		ticks <<= 1;
		scale.shift++;
	}
	scale.mul = (uint32_t)mul_div(NS_PER_SEC, 1UL << 32, ticks);
}

static void measure(const struct reference *r)
{
	struct sample from, to;
	uint64_t span;

	lapic_timer_start(0xffffffff);
	from = take_sample(r);
	do
		span = (r->read() - from.ref) & r->mask;
	while (span < r->hz / MEASURE_HZ);
	to = take_sample(r);
	span = (to.ref - from.ref) & r->mask;

	set_scale(mul_div(to.tsc - from.tsc, r->hz, span));
	apic_per_ms = (uint64_t)(from.apic - to.apic) * r->hz / span / 1000;
}

/* The CMOS clock counts whole seconds; boot was now minus what has passed. */
static void read_wallclock(void)
{
	uint64_t now = rtc_seconds() * NS_PER_SEC, since = time_now();

	now = now > since ? now - since : 0;
	boot_sec = now / NS_PER_SEC;
	boot_nsec = (uint32_t)(now % NS_PER_SEC);
}

void time_wallclock_boot(uint64_t *sec, uint32_t *nsec)
{
	*sec = boot_sec;
	*nsec = boot_nsec;
}

int x86_clock_init(void)
{
	const struct reference *r = reference_find();

	measure(r);
	lapic_cpu_init(); /* the timer's own mode again */
	scale.base_tsc = rdtsc();
	scale.base_ns = 0;
	read_wallclock();
	log_info("TSC runs at %lu.%03lu MHz by the %s%s\n", scale.khz / 1000,
		 scale.khz % 1000, r->name,
		 x86_features.invariant_tsc ? "" : ", not declared invariant");
	if (!apic_per_ms && !lapic_timer_is_tsc()) {
		log_err("the local APIC's timer does not count\n");
		return -ENODEV;
	}
	return 0;
}
