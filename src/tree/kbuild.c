/*
 * make, with every variable that matters said on its command line.
 */
#include "tree/kbuild.h"

#include "tree/tools.h"

static void add_variable(gpointer argv, const char *name, const char *value)
{
	g_ptr_array_add(argv, g_strdup_printf("%s=%s", name, value));
}

static void add_inherited(GPtrArray *argv, const char *name)
{
	const char *value = g_getenv(name);

	if (value)
		add_variable(argv, name, value);
}

GPtrArray *kbuild_make(const char *source, const char *build, const char *release,
		       const char *compiler)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(argv, g_strdup("env"));
	g_ptr_array_add(argv, g_strdup("-i"));
	add_inherited(argv, "PATH");
	add_inherited(argv, "HOME");
	add_inherited(argv, "TMPDIR");
	add_variable(argv, "LC_ALL", "C");
	g_ptr_array_add(argv, g_strdup("make"));
	g_ptr_array_add(argv, g_strdup("--no-print-directory"));
	g_ptr_array_add(argv, g_strdup("-C"));
	g_ptr_array_add(argv, g_strdup(source));
	add_variable(argv, "O", build);
	add_variable(argv, "CC", compiler);
	add_variable(argv, "HOSTCC", compiler);
	add_variable(argv, "KERNELRELEASE", release);
	/* With others the configuration would be made anew. */
	tools_foreach(add_variable, argv);
	return argv;
}

GPtrArray *kbuild_external(const struct external *external)
{
	const struct kernel *base = external->base;
	GPtrArray *argv = kbuild_make(base->source, external->build, base->release, base->compiler);

	add_variable(argv, "M", external->directory);
	g_ptr_array_add(argv, g_strdup_printf("KCFLAGS=-fmacro-prefix-map=%s=%s",
					      external->directory, external->origin));
	return argv;
}

void kbuild_add(GPtrArray *argv, ...)
{
	va_list arguments;
	const char *argument;

	va_start(arguments, argv);
	while ((argument = va_arg(arguments, const char *)))
		g_ptr_array_add(argv, g_strdup(argument));
	va_end(arguments);
	g_ptr_array_add(argv, NULL);
}
