// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksyms.c - find the kernel's unexported functions and variables, once
 */
#include <linux/kprobes.h>
#include <linux/printk.h>

#include "ksyms.h"

/* clang-format off */
#define GKSM_DEFINE_KSYM(name) \
	DEFINE_STATIC_CALL_NULL(gksm_ksym_##name, name);
GKSM_KSYMS(GKSM_DEFINE_KSYM)

#define GKSM_UPDATE_KSYM(name)						\
	static void update_##name(unsigned long addr)			\
	{								\
		static_call_update(gksm_ksym_##name, (typeof(&name))addr); \
	}
GKSM_KSYMS(GKSM_UPDATE_KSYM)

static const struct ksym_entry {
	const char *name;
	void (*update)(unsigned long addr);
} ksym_table[] = {
#define GKSM_TABLE_KSYM(name) { #name, update_##name },
	GKSM_KSYMS(GKSM_TABLE_KSYM)
};

static const char *const kdata_names[] = {
#define GKSM_NAME_KDATA(name) #name,
	GKSM_KDATA(GKSM_NAME_KDATA)
	NULL
};
/* clang-format on */

/* Set once at load; read through kdata(). */
void *gksm_kdata[GKSM_NR_KDATA + 1];

unsigned long gksm_lookup_proto(const char *name);
DEFINE_STATIC_CALL_NULL(gksm_lookup, gksm_lookup_proto);

/*
 * kallsyms_lookup_name() is itself unexported since v5.7; a kprobe on it
 * tells where it is. With IBT the probe sits behind the ENDBR, which a direct
 * call may skip.
 */
static int find_lookup(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	int err = register_kprobe(&probe);

	if (err) {
		pr_err("cannot find kallsyms_lookup_name (%d): gksm needs CONFIG_KPROBES and CONFIG_KALLSYMS\n",
		       err);
		return err;
	}
	static_call_update(gksm_lookup, (typeof(&gksm_lookup_proto))probe.addr);
	unregister_kprobe(&probe);
	return 0;
}

/**
 * gksm_ksyms_init() - find every function of GKSM_KSYMS
 *
 * And those variables of GKSM_KDATA that there are.
 *
 * Context: module load, before anything uses ksym().
 * Return: 0, -ENOENT with the missing name in the log, or what
 * register_kprobe() says.
 */
int gksm_ksyms_init(void)
{
	int err = find_lookup();
	int i;

	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(ksym_table); i++) {
		unsigned long addr =
			static_call(gksm_lookup)(ksym_table[i].name);

		if (!addr) {
			pr_err("this kernel has no %s(): not loaded\n",
			       ksym_table[i].name);
			return -ENOENT;
		}
		ksym_table[i].update(addr);
	}
	for (i = 0; i < GKSM_NR_KDATA; i++)
		gksm_kdata[i] =
			(void *)static_call(gksm_lookup)(kdata_names[i]);
	return 0;
}
