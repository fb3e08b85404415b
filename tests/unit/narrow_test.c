/*
 * Changed headers: which names a change gives a meaning, and where these lead.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "help.h"
#include "tree/commands.h"
#include "tree/members.h"
#include "tree/narrow.h"
#include "tree/paste.h"
#include "tree/statements.h"

/* --- statements ------------------------------------------------------------------------------ */

static void put_statement(const struct statement *statement, gpointer data)
{
	static const char kinds[] = "ctmd#";
	GString *text = data;

	g_string_append_c(text, kinds[statement->kind]);
	for (guint i = 0; i < statement->count; i++)
		if (statement->tokens[i].flags & (TOKEN_NAMED | TOKEN_MEMBER))
			g_string_append_printf(text, " %s%.*s",
					       statement->tokens[i].flags & TOKEN_MEMBER ? "." : "",
					       (int)statement->tokens[i].length,
					       statement->tokens[i].at);
	g_string_append_c(text, '\n');
}

static void assert_statements(const char *source, const char *expected)
{
	g_autoptr(GString) text = g_string_new(NULL);

	statements_read(source, strlen(source), put_statement, text);
	assert_string_equal(text->str, expected);
}

static void test_what_statements_name(void **state)
{
	assert_statements("static inline __printf(1, 2) int f(int a) { return g(a); }\n", "c f\n");
	assert_statements("extern int f(void), x[3], y;", "c f x y\n");
	assert_statements("struct s { int a, b[3]; void (*f)(int); unsigned c : 1; } v;\n",
			  "t s .a .b .f .c v\n");
	assert_statements("struct s { int (*f)(int a, int b[2]); char c __aligned(2); };\n",
			  "t s .f\n");
	assert_statements("__printf(1, 2) int f(char *s, ...);\nM(x);\n", "c f\nm M\n");
	assert_statements("enum e { ONE, TWO = 2 };\n", "t e ONE TWO\n");
	assert_statements("typedef int (*fn)(void); typedef struct { int a; } t;\n",
			  "c fn\nt .a t\n");
	assert_statements("#define M(a) \\\n\tN(a) /* x\n*/ + 1\n#undef O\n#if M\n#endif\n",
			  "d M\nd O\n#\n#\n");
	assert_statements("MACRO(a, b);\nstatic const int t[] = { 1, 2 };", "m MACRO\nc t\n");
	assert_statements("int /* g( */ f(\n#ifdef A\nint a) {\n#else\nint b) {\n#endif\n}\nint y;",
			  "#\n#\n#\nc f\nc y\n");
	assert_statements("char *s = \"f(;\"; int \xff", "c s\nc\n");
}

/* --- pasting --------------------------------------------------------------------------------- */

struct paste_case {
	const char *define, *call, *name;
	gboolean makes;
};

static void keep_patterns(const struct statement *statement, gpointer data)
{
	*(GPtrArray **)data = paste_patterns(statement);
}

struct call {
	GPtrArray *patterns;
	const char *name;
	gboolean makes;
};

static void look_at_call(const struct statement *statement, gpointer data)
{
	struct call *call = data;
	g_autoptr(GPtrArray) arguments = paste_arguments(statement, 0);

	for (guint i = 0; i < call->patterns->len; i++)
		call->makes |= paste_makes(call->patterns->pdata[i], (gpointer)arguments->pdata,
					   arguments->len, call->name);
}

static void test_what_pasting_makes(void **state)
{
	static const struct paste_case cases[] = {
		{"#define M(a) get_##a()", "M(x)", "get_x", TRUE},
		{"#define M(a) get_##a()", "M(x)", "get_y", FALSE},
		{"#define M(a) get_##a##_n()", "M(x)", "get_x_n", TRUE},
		{"#define M(a, b) a##b", "M(ge, t_x)", "get_x", TRUE},
		{"#define M(a, b) a##b", "M(ge, t_y)", "get_x", FALSE},
		{"#define M(a, b) a##b", "M(f(1), t_x)", "get_x", TRUE},
		{"#define M(a, b) a##b", "M(f(1), g(2))", "get_x", FALSE}, /* nothing is known */
		{"#define M(f, ...) f(1, ##__VA_ARGS__) x_##f", "M(y)", "x_y", TRUE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) patterns = NULL;
		struct call call = {.name = cases[i].name};

		statements_read(cases[i].define, strlen(cases[i].define), keep_patterns, &patterns);
		assert_non_null(patterns);
		call.patterns = patterns;
		statements_read(cases[i].call, strlen(cases[i].call), look_at_call, &call);
		if (call.makes != cases[i].makes)
			fail_msg("%s, %s: %s", cases[i].define, cases[i].call, cases[i].name);
	}
}

/* --- a tree ---------------------------------------------------------------------------------- */

struct source {
	const char *path, *text;
};

static const struct source sources[] = {
	{"changed.h", "static inline int changed(int x) { return x; }\n"
		      "struct s { int kept; int member; };\n"
		      "static inline int other(void) { return 1; }\n"
		      "#include <nothing.h>\n"
		      "/* end */\n"},
	{"user.h", "#define CALLS(x) changed(x)\n"
		   "static inline int inlined(void) { return CALLS(2); }\n"
		   "#define PASTED(what) in##what()\n"
		   "#define HANDED_ON(what) PASTED(what)\n"
		   "#include <linux/changed.h>\n"
		   "__printf(1, 2) void say(const char *text, struct s *s);\n"},
	{"events.h", "TRACE_EVENT(seen, TP_PROTO(struct s *s), TP_ARGS(s));\n"
		     "EXPORT_SYMBOL(changed);\n"},
	{"emitted.h", "int outer(void)\n{\n\treturn other();\n}\n"
		      "static int inner(void) { return changed(3); }\n"},
	/* Lies beside a unit that includes changed.h first. */
	{"beside.h", "static inline int beside(void) { return changed(4); }\n"},
	{"direct.c", "int a(void) { return changed(1); }\n"},
	{"indirect.c", "int b(void) { return inlined(); }\n"},
	{"pasting.c", "int c(void) { return PASTED(lined); }\n"},
	{"handing.c", "int c(void) { return HANDED_ON(lined); }\n"},
	{"naming.c", "#define EACH(m) m(lined)\nint c(void) { return EACH(PASTED); }\n"},
	{"another.c", "int c(void) { return PASTED(voked); }\n"},
	{"commenting.c", "/* changed */ int d(void) { return other(); }\n"},
	{"member.c", "int e(struct t *t) { return t->s.member; }\n"},
	{"tracing.c", "int f(void) { trace_seen(0); }\n"},
	{"creating.c", "#define CREATE_TRACE_POINTS\n"},
	{"including.c", "int g(void) { return beside(); }\n"},
};

/* Names of what changes when a line of changed.h becomes another; NULL if they can't be told. */
static GHashTable *changed_names(const char *patched, guint line)
{
	const char *original = sources[0].text;
	g_autoptr(GArray) before = lines_read(original, strlen(original));
	g_autoptr(GArray) after = lines_read(patched, strlen(patched));
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(struct run));
	const struct run run = {line, 1, line, 1};
	const struct narrow_text texts[] = {{original, strlen(original), before},
					    {patched, strlen(patched), after}};

	g_array_append_val(runs, run);
	return narrow_changed_names(&texts[0], &texts[1], runs);
}

/* The units that a change of one line of changed.h leads to, as text; NULL: all. */
static char *reached(const char *directory, const char *replaced, const char *by, guint line)
{
	g_autoptr(GString) patched = g_string_new(sources[0].text);
	const struct kernel kernel = {.source = (char *)directory, .build = (char *)directory};
	const struct overlay overlay = {.plain_root = (char *)"/nowhere"};
	struct unit units[G_N_ELEMENTS(sources)] = {0};
	g_autoptr(GPtrArray) files = g_ptr_array_new(), all = g_ptr_array_new();
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_replace(patched, replaced, by, 1);
	g_autoptr(GHashTable) names = changed_names(patched->str, line);
	if (!names)
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
		write_text(directory, sources[i].path, sources[i].text);
		units[i].source = sources[i].path;
		if (!strcmp(sources[i].path, "beside.h"))
			continue; /* it includes nothing */
		if (g_str_has_suffix(sources[i].path, ".h"))
			g_ptr_array_add(files, (gpointer)sources[i].path);
		else
			g_ptr_array_add(all, &units[i]);
	}
	g_autoptr(GHashTable) emitting =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) found = narrow_units(&kernel, &overlay, names, files, all, emitting);
	if (!found)
		return NULL;
	if (g_hash_table_contains(emitting, "emitted.h"))
		g_string_append(text, "emitted.h: ");
	for (guint i = 0; i < found->len; i++)
		g_string_append_printf(text, "%s ",
				       ((struct unit *)g_ptr_array_index(found, i))->source);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_a_function_leads_to_all_who_call_it(void **state)
{
	g_autofree char *units = reached(*state, "return x", "return x + 1", 0);

	assert_string_equal(units, "direct.c indirect.c pasting.c handing.c naming.c including.c ");
}

static void test_a_function_that_one_calls(void **state)
{
	g_autofree char *units = reached(*state, "return 1", "return 2", 2);

	/* outer() is in each unit that includes it */
	assert_string_equal(units, "emitted.h: commenting.c ");
}

static void test_a_member_leads_to_who_names_it(void **state)
{
	g_autofree char *units = reached(*state, "int member", "unsigned member", 1);

	/* the tracepoint's prototype has the struct */
	assert_string_equal(units, "member.c tracing.c creating.c ");
}

static void test_a_comment_leads_nowhere(void **state)
{
	g_autofree char *units = reached(*state, "int kept;", "/* kept */ int kept;", 3);

	assert_null(units); /* the line with the #include was said to change */
	g_free(units);
	units = reached(*state, "/* end */", "/* the end */", 4);
	assert_string_equal(units, "");
}

/* A struct that keeps a member (tree/members.h) is what it was. */
static void test_a_mark_leads_nowhere(void **state)
{
	g_autofree char *units = reached(*state, "struct s {", "struct" MEMBERS_MARK " s {", 1);

	assert_string_equal(units, "");
	g_free(units);
	units = reached(*state, "struct s { int kept", "struct" MEMBERS_MARK " s { long kept", 1);
	assert_string_equal(units, "member.c tracing.c creating.c ");
}

/* What lines that are added to a header may define, as text in order; NULL if it can't be told. */
static char *added_names(const char *added)
{
	static const char original[] = "int first;\nint last;\n";
	g_autofree char *patched = g_strdup_printf("int first;\n%sint last;\n", added);
	g_autoptr(GArray) before = lines_read(original, strlen(original));
	g_autoptr(GArray) after = lines_read(patched, strlen(patched));
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(struct run));
	const struct run run = {1, 0, 1, after->len - before->len};
	const struct narrow_text texts[] = {{original, strlen(original), before},
					    {patched, strlen(patched), after}};

	g_array_append_val(runs, run);
	g_autoptr(GHashTable) names = narrow_changed_names(&texts[0], &texts[1], runs);
	if (!names)
		return NULL;
	g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(names), (GCompareFunc)strcmp);
	GString *text = g_string_new(NULL);
	for (GList *at = sorted; at; at = at->next)
		g_string_append_printf(text, "%s ", (char *)at->data);
	return g_string_free(text, FALSE);
}

static void check_added(const char *added, const char *expected)
{
	g_autofree char *names = added_names(added);

	if (g_strcmp0(names, expected))
		fail_msg("%s: %s, not %s", added, names ? names : "all", expected);
}

static void test_what_is_added(void **state)
{
	check_added("int more;\n", "more ");
	/* a declaration that says nothing more of a name */
	check_added("struct known;\n", "");
	check_added("struct known;\nint more(struct known *known);\n", "more ");
	check_added("struct known { int x; };\n", "known ");
	/* a conditional that is added whole says nothing of the rest */
	check_added("#if X\n#define A 1\n#else\n#define A 2\n#endif\n", "A ");
	check_added("#  ifdef X\n#if Y\nint more;\n#endif\n#endif\n", "more ");
	check_added("#if X\n", NULL);
	check_added("#endif\n#if X\n", NULL);
	check_added("#else\n", NULL);
	check_added("#if X\n#endif\n#else\n", NULL);
	check_added("#if X\n#include <more.h>\n#endif\n", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_statements_name),
		cmocka_unit_test(test_what_pasting_makes),
		cmocka_unit_test(test_a_function_leads_to_all_who_call_it),
		cmocka_unit_test(test_a_function_that_one_calls),
		cmocka_unit_test(test_a_member_leads_to_who_names_it),
		cmocka_unit_test(test_a_comment_leads_nowhere),
		cmocka_unit_test(test_a_mark_leads_nowhere),
		cmocka_unit_test(test_what_is_added),
	};

	return cmocka_run_group_tests_name("changed headers", tests, make_directory,
					   remove_directory);
}
