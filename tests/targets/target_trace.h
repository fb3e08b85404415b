/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kt_target

#if !defined(KT_TARGET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KT_TARGET_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(kt_hit,
	TP_PROTO(int value),
	TP_ARGS(value),
	TP_STRUCT__entry(__field(int, value)),
	TP_fast_assign(__entry->value = value;),
	TP_printk("value=%d", __entry->value)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE target_trace
#include <trace/define_trace.h>
