/*
 * The progress bar: what rooms report is remembered here and drawn by a thread of its own, so that
 * the bar appears and moves during a single long step too.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/progress.h"

#define QUIET_TIME  (2 * G_TIME_SPAN_SECOND)
#define REDRAW_TIME (G_TIME_SPAN_SECOND / 10)
#define BAR_WIDTH   30

/* The mark of a stage of unknown length crosses the bar at this many cells a second. */
#define MARK_SPEED 10

struct progress_bar {
	struct progress progress;
	GThread *thread;
	gint64 started;
	GMutex lock; /* what follows is shared with the thread */
	GCond ended;
	gboolean over;
	char *stage;
	double fraction;
};

static guint terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

static void fill_bar(char *cells, double fraction, double seconds)
{
	memset(cells, ' ', BAR_WIDTH);
	if (fraction < 0)
		cells[(guint)(seconds * MARK_SPEED) % BAR_WIDTH] = '=';
	else
		memset(cells, '=', (gsize)(MIN(fraction, 1) * BAR_WIDTH + 0.5));
}

/* One write for the whole line: terminals then show no half-drawn one. */
static void put(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return; /* a terminal that is gone needs no bar */
}

static void draw(const struct progress_bar *bar, gint64 now)
{
	double seconds = (now - bar->started) / (double)G_TIME_SPAN_SECOND;
	char cells[BAR_WIDTH + 1] = "";
	g_autofree char *text = g_strdup_printf("%3.0f s  %s", seconds, bar->stage);
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	guint columns = terminal_columns();
	gboolean colour = !g_getenv("NO_COLOR") || !*g_getenv("NO_COLOR");

	if (columns < BAR_WIDTH + 8)
		return;
	/* A line that wraps can't be erased, so the text is cut to what remains of the width. */
	g_autofree char *cut = g_utf8_substring(
		valid, 0, MIN(g_utf8_strlen(valid, -1), (glong)(columns - BAR_WIDTH - 4)));
	fill_bar(cells, bar->fraction, seconds);
	g_autofree char *line = g_strdup_printf("\r[%s%s%s] %s\033[K", colour ? "\033[36m" : "",
						cells, colour ? "\033[0m" : "", cut);
	put(line);
}

static gpointer draw_until_over(gpointer data)
{
	struct progress_bar *bar = data;
	gint64 next = bar->started + QUIET_TIME;

	g_mutex_lock(&bar->lock);
	while (!bar->over) {
		if (g_cond_wait_until(&bar->ended, &bar->lock, next))
			continue;
		if (bar->stage)
			draw(bar, g_get_monotonic_time());
		next = g_get_monotonic_time() + REDRAW_TIME;
	}
	g_mutex_unlock(&bar->lock);
	return NULL;
}

static void report(struct progress *progress, const char *stage, double fraction)
{
	struct progress_bar *bar = (struct progress_bar *)progress;

	g_mutex_lock(&bar->lock);
	if (g_strcmp0(stage, bar->stage)) {
		g_free(bar->stage);
		bar->stage = g_strdup(stage);
	}
	bar->fraction = fraction;
	g_mutex_unlock(&bar->lock);
}

struct progress *progress_bar_new(void)
{
	if (!isatty(STDERR_FILENO) || !g_strcmp0(g_getenv("TERM"), "dumb"))
		return NULL;

	struct progress_bar *bar = g_new0(struct progress_bar, 1);
	bar->progress.report = report;
	bar->started = g_get_monotonic_time();
	g_mutex_init(&bar->lock);
	g_cond_init(&bar->ended);
	bar->thread = g_thread_new("progress", draw_until_over, bar);
	return &bar->progress;
}

void progress_bar_end(struct progress *progress)
{
	struct progress_bar *bar = (struct progress_bar *)progress;

	if (!bar)
		return;
	g_mutex_lock(&bar->lock);
	bar->over = TRUE;
	g_cond_signal(&bar->ended);
	g_mutex_unlock(&bar->lock);
	g_thread_join(bar->thread);
	if (g_get_monotonic_time() - bar->started > QUIET_TIME)
		put("\r\033[K");
	g_mutex_clear(&bar->lock);
	g_cond_clear(&bar->ended);
	g_free(bar->stage);
	g_free(bar);
}
