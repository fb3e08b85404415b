// SPDX-License-Identifier: GPL-2.0
/*
 * What modpost would generate for a module: its struct module and the fixed part of its .modinfo.
 * Compiled once per kernel; the builder puts the livepatch's name over KLATCH_MODULE_NAME and adds
 * the fields that depend on it, and the versions of the symbols it uses.
 */
#include <linux/module.h>
#define INCLUDE_VERMAGIC
#include <linux/vermagic.h>

#include "klatch.h"

__visible struct module __this_module __section(".gnu.linkonce.this_module") = {
	.name = KLATCH_MODULE_NAME,
	.init = init_module,
#ifdef CONFIG_MODULE_UNLOAD
	.exit = cleanup_module,
#endif
	.arch = MODULE_ARCH_INIT,
};

MODULE_INFO(vermagic, VERMAGIC_STRING);
MODULE_INFO(livepatch, "Y");
MODULE_LICENSE("GPL");
#if defined(CONFIG_RETPOLINE) || defined(CONFIG_MITIGATION_RETPOLINE)
MODULE_INFO(retpoline, "Y");
#endif
