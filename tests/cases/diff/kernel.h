/*
 * What the units of the cases take from a kernel: attributes, and the tables that code is listed
 * in.
 */
#define NOINLINE   __attribute__((noinline))
#define INIT	   __attribute__((section(".init.text"), noinline))
#define NOTRACE	   __attribute__((no_instrument_function, noinline))
#define IN(name)   __attribute__((section(name)))
#define USED	   __attribute__((used))
#define COLD	   __attribute__((cold))
#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)

/* Other units. */
int use(const void *thing);
int ask(int question);
int printk(const char *format, ...);
COLD void fail(const char *why);
extern int elsewhere;

#define BUG()                                                                                      \
	asm volatile("1: ud2\n"                                                                    \
		     ".pushsection __bug_table, \"aw\"\n"                                          \
		     ".long 1b - ., %c0 - .\n"                                                     \
		     ".word %c1, 0\n"                                                              \
		     ".popsection"                                                                 \
		     :                                                                             \
		     : "i"(__FILE__), "i"(__LINE__))

#define WARN_ONCE(condition, text)                                                                 \
	({                                                                                         \
		static char __already_done IN(".data.once");                                       \
		if ((condition) && !__already_done) {                                              \
			__already_done = 1;                                                        \
			printk(text);                                                              \
		}                                                                                  \
	})

/* A branch that a key switches. */
#define IS_ENABLED(key)                                                                            \
	({                                                                                         \
		__label__ yes, end;                                                                \
		int enabled = 0;                                                                   \
		asm goto("1: .byte 0x0f, 0x1f, 0x44, 0, 0\n"                                       \
			 ".pushsection __jump_table, \"aw\"\n"                                     \
			 ".balign 8\n"                                                             \
			 ".long 1b - ., %l[yes] - .\n"                                             \
			 ".quad %c0 - .\n"                                                         \
			 ".popsection"                                                             \
			 :                                                                         \
			 : "i"(key)                                                                \
			 :                                                                         \
			 : yes);                                                                   \
		goto end;                                                                          \
	yes:                                                                                       \
		enabled = 1;                                                                       \
	end:                                                                                       \
		enabled;                                                                           \
	})

/* Code that is replaced on machines with a feature (entries of 6.1: 12 bytes). */
#define ALTERNATIVE(old, new, feature)                                                             \
	asm volatile("1: " old "\n2:\n"                                                            \
		     ".pushsection .altinstructions, \"a\"\n"                                      \
		     ".long 1b - ., 3f - .\n"                                                      \
		     ".word " #feature "\n"                                                        \
		     ".byte 2b - 1b, 4f - 3f\n"                                                    \
		     ".popsection\n"                                                               \
		     ".pushsection .altinstr_replacement, \"ax\"\n"                                \
		     "3: " new "\n4:\n"                                                            \
			       ".popsection")

/* An instruction that may fault, and what is done then. */
#define MAY_FAULT(instruction, fixup)                                                              \
	asm volatile("1: " instruction "\n"                                                        \
		     "2: " fixup "\n"                                                              \
		     "3:\n"                                                                        \
		     ".pushsection __ex_table, \"a\"\n"                                            \
		     ".long 1b - ., 2b - ., 1\n"                                                   \
		     ".popsection"                                                                 \
		     :                                                                             \
		     :                                                                             \
		     : "rax")

struct descriptor {
	const char *module, *function, *file, *format;
	unsigned int line : 18, class : 6, flags : 8;
	long key[2];
} __attribute__((aligned(8)));

#define DESCRIPTOR(name, text)                                                                     \
	static struct descriptor name IN("__dyndbg")                                               \
		USED = {"unit", __func__, "unit.c", text, __LINE__}
#define DEBUG_(name, text)                                                                         \
	({                                                                                         \
		DESCRIPTOR(name, text);                                                            \
		if (IS_ENABLED(&name.key))                                                         \
			use(&name);                                                                \
	})
#define DEBUG(text) DEBUG_(CAT(__UNIQUE_ID_ddebug, __COUNTER__), text)

/* A message that stays where it is. */
#define MESSAGE(text)                                                                              \
	({                                                                                         \
		static const char __msg[] = text;                                                  \
		use(__msg);                                                                        \
	})
