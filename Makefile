# klatch: GNU make and a compiler are all that a build needs.
#
#   make            build/klatch
#   make demo       what klatch does, shown on a real kernel in a virtual machine
#   make check      all tests
#   make check-system  a Debian system over several boots, with klatch from its package
#   make check-readme  README's commands on a fresh Debian system, none else
#   make corpus     every real fix of the corpus through build and try (IDS="001 003": only these)
#   make chance     fixes of a release by chance, each built alone (RELEASE=... VERSION=... SEED=1 COUNT=60)
#   make lab        every scenario in a virtual machine (KERNEL=...: not the newest stock kernel)
#   make bench      times against the bare compiles
#   make selftests  the kernel's own livepatch selftests beside livepatches of klatch
#   make latency    what late references add to the load of their module, against the kernel's own
#   make census     docs/evidence/census.html: stock kernels of four suites compared
#   make torture    ten thousand events by chance on each kernel (SEED=1 EVENTS=10000)
#   make update     a whole point release as one livepatch, tried (RELEASE=... VERSION=...)
#   make fuzz       every parser of outside input, a minute each
#   make fuzz-check  ten thousand damaged livepatches through klatch check, and those it lets pass loaded
#   make lint       format and static analysis
#   make V=1 ...    shows every command
#   make install    into $(DESTDIR)$(PREFIX)
#   make deb        build/deb/: klatch as Debian packages

PREFIX  ?= /usr/local
UNITS   ?= $(PREFIX)/lib/systemd/system
ZSH     ?= $(PREFIX)/share/zsh/site-functions
CC      ?= gcc
B       := build
VERSION := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
# make V=1 shows the commands.
Q       := $(if $(filter 1,$(V)),,@)
LIBS    := glib-2.0 gio-2.0 gio-unix-2.0 json-glib-1.0 libelf libdw libarchive libkmod libcrypto
CFLAGS  ?= -O2 -g
KFLAGS  = -std=gnu11 -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wshadow \
	  -Wno-unused-parameter -D_GNU_SOURCE -DKLATCH_VERSION='"$(VERSION)"' -Isrc -Ilate -I$(B) \
	  -MMD -MP $(shell pkg-config --cflags $(LIBS)) $(CPPFLAGS)
LDLIBS  = $(LDFLAGS) $(shell pkg-config --libs $(LIBS)) -lZydis -lm
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined

SOURCES := $(filter-out src/lab/guest/%,$(wildcard src/*/*.c))
ROOMS   := $(filter-out src/cmd/main.c,$(SOURCES))
OBJECTS := $(SOURCES:%.c=$(B)/%.o) $(B)/resources.o
CHECKED := $(ROOMS:%.c=$(B)/sanitized/%.o) $(B)/sanitized/resources.o
JOBS     = -j$(shell nproc)
UNIT    := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/*_test.c))
UNIT_HELP := $(patsubst %.c,$(B)/sanitized/%.o,$(filter-out %_test.c,$(wildcard tests/unit/*.c)))

.PHONY: all packages demo check check-system check-readme unit vm update corpus oracle chance lab latency bench selftests torture census fuzz fuzz-check lint format install deb clean
.SECONDARY:
all: $(B)/klatch

$(B)/klatch: $(OBJECTS)
	@echo '  LINK    $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(CC) $(KFLAGS) $(CFLAGS) -c -o $@ $<

# What says the version.
$(B)/src/cmd/main.o $(B)/src/package/texts.o $(B)/src/link/finish.o: debian/changelog

$(B)/sanitized/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(CC) $(KFLAGS) $(SANITIZE) -c -o $@ $<

# The kernel side and the virtual machine's init program travel inside the program.
EMBEDDED := $(wildcard $(shell sed -n 's,.*<file[^>]*>\(.*\)</file>.*,\1,p' src/resources.xml))
$(B)/resources.c: src/resources.xml $(EMBEDDED) $(B)/guest
	@echo '  GEN     $@'
	$(Q)glib-compile-resources --target=$@ --sourcedir=. --sourcedir=$(B) --generate-source src/resources.xml
$(B)/resources.o: $(B)/resources.c
	@echo '  CC      $@'
	$(Q)$(CC) $(shell pkg-config --cflags gio-2.0) $(CFLAGS) -c -o $@ $<
$(B)/sanitized/resources.o: $(B)/resources.o
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(B)/guest: $(wildcard src/lab/guest/*.[ch])
	@mkdir -p $(@D)
	@echo '  LINK    $@'
	$(Q)$(CC) -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter -D_GNU_SOURCE -O2 -static -s \
		-o $@ $(filter %.c,$^)

$(B)/tests/%: $(B)/sanitized/tests/unit/%.o $(UNIT_HELP) $(CHECKED)
	@mkdir -p $(@D)
	@echo '  LINK    $@'
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDLIBS) -lcmocka

# With sanitizers: it looks at what nobody would write.
$(B)/damage: $(B)/sanitized/tests/damage/damage.o $(CHECKED)
	@echo '  LINK    $@'
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDLIBS)

# One list of packages, in packages.txt; what is there already is not asked for again.
packages:
	@tests/packages

unit: $(UNIT)
	tests/run $(UNIT)

check: packages
	$(MAKE) $(JOBS) all $(UNIT) $(FUZZERS) $(B)/gate $(B)/relink $(B)/boot $(B)/damage
	tests/run $(UNIT) tests/run.test tests/fuzz/replay $(sort $(wildcard tests/vm/*.test))

check-system: packages deb
	$(MAKE) $(JOBS) all
	tests/run tests/system/system.test

check-readme: packages
	tests/run tests/readme

demo: packages
	$(MAKE) $(JOBS) all
	tests/demo

corpus: packages
	$(MAKE) $(JOBS) all
	tests/corpus $(IDS)

oracle: packages
	tests/oracle $(IDS)

chance: packages
	$(MAKE) $(JOBS) all $(B)/changes
	tests/chance $(RELEASE) $(VERSION) $(or $(SEED),1) $(or $(COUNT),60)

update: packages
	$(MAKE) $(JOBS) all
	tests/update $(RELEASE) $(VERSION)

lab: packages
	$(MAKE) $(JOBS) all
	tests/lab $(KERNEL)

latency: packages
	$(MAKE) $(JOBS) all
	tests/bench/latency

fuzz-check: packages
	$(MAKE) $(JOBS) all $(B)/damage
	FUZZ=10000 MACHINE_SECONDS=3000 tests/vm/failures.test

census: packages
	$(MAKE) $(JOBS) all
	tests/census/page

bench: packages
	$(MAKE) $(JOBS) all $(B)/bench
	tests/bench/run

selftests: packages
	$(MAKE) $(JOBS) all $(B)/boot
	for package in linux-image-amd64 linux-image-6.12-amd64; do \
		tests/selftests $$(tests/newest-kernel $$package) || exit; done

torture: packages
	$(MAKE) $(JOBS) all
	for package in linux-image-amd64 linux-image-6.12-amd64; do \
		tests/torture/run $$(tests/newest-kernel $$package) --seed $(or $(SEED),1) \
			--events $(or $(EVENTS),10000) --output $(B)/torture-$$package.log || exit; done

$(B)/bench: $(B)/tests/bench/bench.o
$(B)/gate: $(B)/tests/gate/gate.o
$(B)/relink: $(B)/tests/relink/relink.o
$(B)/boot: $(B)/tests/boot/boot.o
$(B)/changes: $(B)/tests/chance.d/changes.o
$(B)/bench $(B)/gate $(B)/relink $(B)/boot $(B)/changes: $(filter-out $(B)/src/cmd/main.o,$(OBJECTS))
	@echo '  LINK    $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

include tests/fuzz/rules.mk

FORMATTED := $(wildcard src/*/*.[ch] src/lab/guest/*.[ch] late/*.[ch] tests/unit/*.[ch] \
			tests/fuzz/*.c tests/fuzz/common/*.c tests/gate/*.c tests/relink/*.c tests/bench/*.c \
			tests/boot/*.c tests/damage/*.c tests/chance.d/*.c)
lint:
	clang-format --dry-run -Werror $(FORMATTED)
	clang-tidy --quiet --warnings-as-errors='*' $(SOURCES) -- $(filter-out -MMD -MP,$(KFLAGS))

format:
	clang-format -i $(FORMATTED)

install: all
	install -D $(B)/klatch $(DESTDIR)$(PREFIX)/bin/klatch
	for page in docs/man/*.1; do install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man1/$$(basename $$page); done
	install -D -m 644 completions/klatch.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/klatch
	install -D -m 644 completions/_klatch $(DESTDIR)$(ZSH)/_klatch
	install -d $(DESTDIR)$(UNITS)
	for unit in units/*; do \
		sed 's,@BIN@,$(PREFIX)/bin,' $$unit >$(DESTDIR)$(UNITS)/$$(basename $$unit); done

# In a copy of the tree: what dpkg-buildpackage makes lies beside it.
deb:
	@tests/packages build
	rm -rf $(B)/deb
	mkdir -p $(B)/deb/klatch
	tar -c --exclude=./build --exclude=./.git . | tar -x -C $(B)/deb/klatch
	cd $(B)/deb/klatch && dpkg-buildpackage -b -us -uc
	rm -rf $(B)/deb/klatch

clean:
	rm -rf $(B)

-include $(wildcard $(B)/src/*/*.d $(B)/tests/*/*.d $(B)/sanitized/src/*/*.d $(B)/sanitized/tests/unit/*.d)
