/*
 * One kernel counted: objects are read by several threads, then what each found is added up in
 * order, so that the result does not depend on the threads.
 */
#include <string.h>

#include "base/error.h"
#include "base/process.h"
#include "census/inside.h"
#include "kernel/modules.h"

struct job {
	char *path; /* NULL: vmlinux */
	struct subject *subject;
	GError *error;
};

struct crew {
	const struct kernel *kernel;
	GArray *jobs; /* of struct job, the largest first */
	gint next;
	gint failed;
};

/* "drivers/net" for ".../kernel/drivers/net/tun.ko": the directory below kernel/, of drivers two.
 */
static char *subsystem_of(const struct kernel *kernel, const char *path)
{
	const char *below = path + strlen(kernel->modules);
	g_auto(GStrv) parts = g_strsplit(below, "/", -1);
	guint count = g_strv_length(parts);

	/* "", "kernel", directory..., file */
	if (count > 4 && !strcmp(parts[2], "drivers"))
		return g_strconcat(parts[2], "/", parts[3], NULL);
	return g_strdup(count > 3 ? parts[2] : "other");
}

static GHashTable *only_of(const struct census_wish *wish, const char *object)
{
	return wish->only ? g_hash_table_lookup(wish->only, object) : NULL;
}

static gboolean is_wanted(const struct census_wish *wish, const char *object)
{
	return !wish->objects || g_pattern_match_simple(wish->objects, object);
}

static void add_job(struct crew *crew, const struct census_wish *wish, char *path,
		    const char *object, const char *subsystem)
{
	struct job job = {.path = path,
			  .subject = subject_new(object, subsystem, only_of(wish, object))};

	job.subject->left_out = !is_wanted(wish, object) || (wish->only && !job.subject->only);
	g_array_append_val(crew->jobs, job);
}

static gboolean add_jobs(struct crew *crew, const struct census_wish *wish, GError **error)
{
	g_autoptr(GPtrArray) files = modules_files(crew->kernel, error);

	if (!files)
		return FALSE;
	add_job(crew, wish, NULL, "vmlinux", "vmlinux");
	for (guint i = 0; i < files->len; i++) {
		const struct module_file *file = g_ptr_array_index(files, i);
		g_autofree char *subsystem = subsystem_of(crew->kernel, file->path);

		add_job(crew, wish, g_strdup(file->path), file->name, subsystem);
	}
	return TRUE;
}

static gboolean read_one(const struct crew *crew, struct job *job)
{
	if (!job->path)
		return job->subject->left_out ||
		       vmlinux_read(job->subject, crew->kernel, &job->error);

	g_autoptr(GBytes) bytes = modules_file_bytes(job->path, &job->error);
	return bytes && module_read(job->subject, bytes, crew->kernel->series, &job->error);
}

static gpointer work(gpointer data)
{
	struct crew *crew = data;
	guint index;

	while (!g_atomic_int_get(&crew->failed) &&
	       (index = (guint)g_atomic_int_add(&crew->next, 1)) < crew->jobs->len)
		if (!read_one(crew, &g_array_index(crew->jobs, struct job, index)))
			g_atomic_int_set(&crew->failed, 1);
	return NULL;
}

/* This thread alone may report progress, so it only watches the others. */
static void run(struct crew *crew, struct progress *progress)
{
	guint count = process_jobs();
	g_autofree GThread **threads = g_new(GThread *, count);

	for (guint i = 0; i < count; i++)
		threads[i] = g_thread_new("census", work, crew);
	while (progress && !g_atomic_int_get(&crew->failed) &&
	       (guint)g_atomic_int_get(&crew->next) < crew->jobs->len) {
		progress_report(progress, "counting",
				(double)g_atomic_int_get(&crew->next) / crew->jobs->len);
		g_usleep(G_USEC_PER_SEC / 20);
	}
	for (guint i = 0; i < count; i++)
		g_thread_join(threads[i]);
}

static void clear_job(gpointer data)
{
	struct job *job = data;

	g_free(job->path);
	subject_free(job->subject);
	g_clear_error(&job->error);
}

/* The subjects of all jobs, borrowed; or the first error. */
static GPtrArray *finished(const GArray *jobs, GError **error)
{
	GPtrArray *subjects = g_ptr_array_new();

	for (guint i = 0; i < jobs->len; i++) {
		struct job *job = &g_array_index(jobs, struct job, i);

		if (job->error) {
			g_propagate_error(error, g_steal_pointer(&job->error));
			g_ptr_array_unref(subjects);
			return NULL;
		}
		g_ptr_array_add(subjects, job->subject);
	}
	return subjects;
}

struct census *census_take(const struct kernel *kernel, const struct census_wish *wish,
			   struct progress *progress, GError **error)
{
	g_autoptr(GArray) jobs = g_array_new(FALSE, FALSE, sizeof(struct job));
	struct crew crew = {.kernel = kernel, .jobs = jobs};
	struct census *census;

	g_array_set_clear_func(jobs, clear_job);
	if (!add_jobs(&crew, wish, error))
		return NULL;
	run(&crew, progress);
	g_autoptr(GPtrArray) subjects = finished(jobs, error);
	if (!subjects)
		return NULL;
	census = sum_begin(kernel);
	sum_up(census, subjects);
	return census;
}
