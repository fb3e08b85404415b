# Fuzz targets: one file a parser, built with the rooms by clang's libFuzzer.  Found cases are kept in
# tests/fuzz/cases/<target>/ and run again by every `make check`.  tests/fuzz/<target>.seeds, if there
# is one, fills a directory with inputs to begin from.

FUZZ_SECONDS ?= 60
FUZZ_CC      := clang
FUZZ_FLAGS   := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZERS      := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZED       := $(ROOMS:%.c=$(B)/fuzzed/%.o) $(B)/resources.o $(B)/fuzzed/tests/fuzz/common/trap.o

$(B)/fuzzed/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(FUZZ_CC) $(KFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(B)/fuzz/%: $(B)/fuzzed/tests/fuzz/%.o $(FUZZED)
	@mkdir -p $(@D)
	@echo '  LINK    $@'
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

fuzz: packages
	$(MAKE) $(JOBS) $(FUZZERS)
	tests/fuzz/run $(FUZZ_SECONDS) $(FUZZERS)

-include $(wildcard $(B)/fuzzed/src/*/*.d $(B)/fuzzed/tests/fuzz/*.d)
