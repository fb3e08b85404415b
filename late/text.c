// SPDX-License-Identifier: GPL-2.0
/*
 * Writing to the livepatch's own memory, most of which is mapped read-only by now: through a
 * second, writable mapping of the same pages.  text_poke() is not exported; this needs nothing
 * that is not.
 *
 * Only bytes of late references are written, each by exactly its size, so another writer in the
 * same page (a jump label, a kprobe, ftrace) loses nothing and needs no lock against us.
 */
#include "late.h"

#include <linux/mm.h>
#include <linux/vmalloc.h>

static void unmap(struct klatch_writer *writer)
{
	if (writer->alias)
		vunmap(writer->alias);
	writer->alias = NULL;
}

static int map(struct klatch_writer *writer, unsigned long page)
{
	struct page *frame;

	if (writer->alias && writer->page == page)
		return 0;
	unmap(writer);

	frame = vmalloc_to_page((void *)page);
	if (!frame)
		return -EFAULT;
	writer->page = page;
	writer->alias = vmap(&frame, 1, VM_MAP, PAGE_KERNEL);
	return writer->alias ? 0 : -ENOMEM;
}

/* A value may lie across two pages: it is written piece by piece, as nobody reads it yet. */
int klatch_write(struct klatch_writer *writer, void *place, const void *value, size_t size)
{
	while (size) {
		size_t piece = min_t(size_t, size, PAGE_SIZE - offset_in_page(place));
		int ret = map(writer, (unsigned long)place & PAGE_MASK);

		if (ret)
			return ret;
		memcpy(writer->alias + offset_in_page(place), value, piece);
		place += piece;
		value += piece;
		size -= piece;
	}
	return 0;
}

/* Afterwards every CPU executes what was written. */
void klatch_write_end(struct klatch_writer *writer)
{
	unmap(writer);
	klatch_sync_text();
}
