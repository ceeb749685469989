// SPDX-License-Identifier: GPL-2.0-only
/*
 * psi.c - what the kernel says of memory pressure, and the boost in force
 */
#include <linux/compiler.h>
#include <linux/ktime.h>
#include <linux/psi.h>

#include "ksyms.h"
#include "pace.h"
#include "psi.h"
#include "scan.h"
#include "stats.h"

/* Under scan.lock, as everything here but gksm_psi_available(). */
static struct gksm_pressure pressure;

#ifdef CONFIG_PSI
/**
 * gksm_psi_available() - does this kernel tell of memory pressure?
 *
 * It does not if it was built without PSI, booted with psi=0, or keeps the
 * addresses of its data to itself (CONFIG_KALLSYMS_ALL).
 *
 * Context: any, after gksm_ksyms_init().
 * Return: whether it does.
 */
bool gksm_psi_available(void)
{
	return kdata(psi_system) && kdata(psi_disabled) &&
	       !static_key_enabled(kdata(psi_disabled));
}

/* For how long some task has been stalled, all in all. */
static u64 stalled_ns(void)
{
	/*
	 * PSI's worker adds to it every two seconds while tasks run, under a
	 * lock that is not worth taking: one aligned word, and late by one
	 * addition at worst.
	 */
	return data_race(
		READ_ONCE(kdata(psi_system)->total[PSI_AVGS][PSI_MEM_SOME]));
}
#else
bool gksm_psi_available(void)
{
	return false;
}

static u64 stalled_ns(void)
{
	return 0;
}
#endif

/**
 * gksm_psi_boost() - by how much to be faster now
 *
 * Context: under the scan lock, at least once in GKSM_PRESSURE_WINDOW_MS while
 * pressure_boost is set.
 * Return: pressure_boost while memory pressure is high, otherwise 0.
 */
unsigned int gksm_psi_boost(void)
{
	unsigned int boost = READ_ONCE(gksm_settings.pressure_boost);

	/* Nothing is written where the kernel does not tell: sysfs.c. */
	if (!boost) {
		gksm_psi_forget();
		return 0;
	}
	if (!gksm_pressure_is_high(&pressure, ktime_get_ns(), stalled_ns()))
		boost = 0;
	gksm_gauge(pressure_boosted, !!boost);
	return boost;
}

/**
 * gksm_psi_forget() - nobody asks for the pressure for some time
 *
 * Context: under the scan lock.
 */
void gksm_psi_forget(void)
{
	pressure = (struct gksm_pressure){};
	gksm_gauge(pressure_boosted, 0);
}
