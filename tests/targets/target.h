/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KT_TARGET_H
#define KT_TARGET_H

/* The second unit of kt_target. */
int kt_twin_value(void);

#endif
