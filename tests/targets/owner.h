/* SPDX-License-Identifier: GPL-2.0 */
/* What kt_owner exports to kt_target. */
#ifndef KT_OWNER_H
#define KT_OWNER_H

#include <linux/jump_label.h>
#include <linux/static_call.h>

#include "build.h"

extern int kt_owner_value;
int kt_owner_get(int value);
void kt_owner_hook(int (*hook)(int value));
int kt_owner_one(int value);
int kt_owner_two(int value);
DECLARE_STATIC_KEY_FALSE(kt_owner_key);
DECLARE_STATIC_CALL(kt_owner_call, kt_owner_one);
#ifdef KT_LOST
int kt_owner_lost(void);
#endif

#endif
