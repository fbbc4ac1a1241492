# SPDX-License-Identifier: ISC
# lansplice. GNU make 3.81 or newer (what macOS ships).
# `make help` lists the targets; tests/setup installs what they need.

OS      := $(if $(filter Darwin,$(shell uname -s)),darwin,linux)
BUILD   ?= build
CC      ?= cc
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

PKGS     := libsodium libconfig
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wvla \
            -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wcast-qual -Wformat=2 -Wwrite-strings $(if $(WERROR),-Werror)
HARDEN   := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
HARDEN_LD_linux := -pie -Wl,-z,relro,-z,now
PKG_CF   := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LD   := $(shell pkg-config --libs $(PKGS) 2>/dev/null || \
              echo -lsodium -lconfig)
TEST_CF  := $(shell pkg-config --cflags cmocka 2>/dev/null)
TEST_LD  := $(shell pkg-config --libs cmocka 2>/dev/null || echo -lcmocka)
BASE_CF   = -std=c11 $(CFLAGS) $(WARN) $(HARDEN) $(EXTRA) -Iinclude $(PKG_CF)
ALL_CF    = $(BASE_CF) -MMD -MP
# core is plain C11; os and daemon use the system's own interfaces.
SYS_CF_linux := -D_GNU_SOURCE -Iinclude/os/linux
SYS_CF    = $(SYS_CF_$(OS)) -DVERSION='"$(VERSION)"' -DPREFIX='"$(PREFIX)"'

CORE_SRC := $(wildcard src/core/*.c)
OS_SRC   := $(wildcard src/os/*.c src/os/$(OS)/*.c)
DMN_SRC  := $(wildcard src/daemon/*.c)
UNIT_SRC := $(wildcard tests/unit/*_test.c)
CHECK_SRC := $(wildcard tests/e2e/*_check.c)
TOOL_SRC := $(filter-out %_check.c %/malloc.c, \
              $(wildcard tests/e2e/*.c tests/bench/*.c))
HEADERS  := $(wildcard include/*/*.h include/os/$(OS)/sys/*.h)

obj       = $(patsubst %.c,$(BUILD)/%.o,$(1))
CORE_OBJ := $(call obj,$(CORE_SRC))
OS_OBJ   := $(call obj,$(OS_SRC))
DMN_OBJ  := $(call obj,$(DMN_SRC))
# what a unit test links: everything but main
LIB_OBJ  := $(CORE_OBJ) $(OS_OBJ) \
            $(filter-out $(BUILD)/src/daemon/main.o,$(DMN_OBJ))
# and what several of them share
UNIT_LIB_SRC := tests/unit/forge.c tests/unit/net.c
UNIT_LIB := $(call obj,$(UNIT_LIB_SRC))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
# for e2e and bench: cmocka programs that need root, and tools
CHECK_BIN := $(patsubst tests/e2e/%.c,$(BUILD)/e2e/%,$(CHECK_SRC))
TOOL_BIN := $(patsubst tests/%.c,$(BUILD)/%,$(TOOL_SRC))
E2E_NOMALLOC := $(BUILD)/e2e/lansplice-nomalloc

Q := $(if $(V),,@)

.PHONY: all test check lint tidy format help FORCE
.DELETE_ON_ERROR:

all: $(BUILD)/lansplice ## the daemon, into build/

$(BUILD)/lansplice: $(CORE_OBJ) $(OS_OBJ) $(DMN_OBJ)
	$(Q)echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $^ \
	    $(PKG_LD) -lpthread

$(BUILD)/src/core/%.o: src/core/%.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); echo "  CC    $<"
	$(Q)$(CC) $(ALL_CF) -c -o $@ $<

$(BUILD)/src/%.o: src/%.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); echo "  CC    $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) -c -o $@ $<

$(BUILD)/tests/unit/%.o: tests/unit/%.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); echo "  CC    $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(TEST_CF) -c -o $@ $<

$(UNIT_BIN) $(CHECK_BIN): $(BUILD)/%: tests/%.c $(LIB_OBJ) $(UNIT_LIB)
	$(Q)mkdir -p $(@D); echo "  TEST  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(TEST_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) \
	    -o $@ $< $(LIB_OBJ) $(UNIT_LIB) $(PKG_LD) $(TEST_LD) -lpthread

$(TOOL_BIN): $(BUILD)/%: tests/%.c $(CORE_OBJ)
	$(Q)mkdir -p $(@D); echo "  TOOL  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $< \
	    $(CORE_OBJ) $(PKG_LD)

# The daemon with a malloc that can be forbidden.
$(E2E_NOMALLOC): tests/e2e/malloc.c $(BUILD)/lansplice
	$(Q)mkdir -p $(@D); echo "  LD    $@"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $< \
	    $(CORE_OBJ) $(OS_OBJ) $(DMN_OBJ) $(PKG_LD) -lpthread

# Objects made with other flags or another compiler are made again.
$(BUILD)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(CC) $(BASE_CF) $(PREFIX) $(VERSION)' | cmp -s - $@ || \
	    echo '$(CC) $(BASE_CF) $(PREFIX) $(VERSION)' >$@

test: $(UNIT_BIN) ## unit tests; no root needed
	$(Q)tests/unit/run $(UNIT_BIN)

check: ## what a commit must pass: lint, test, test-asan, all with -Werror
	$(Q)$(MAKE) WERROR=1 BUILD=$(BUILD)/check lint test
	$(Q)$(MAKE) WERROR=1 test-asan

# --- what the code must look like

C_FILES := $(wildcard include/*/*.h include/os/*/*.h include/os/*/*/*.h \
             src/*/*.c src/os/*/*.c tests/*/*.c)
LINTS   := $(wildcard tests/lint/*.sh)

lint: $(CORE_OBJ) $(BUILD)/lansplice ## layers, symbols, documents, words, form
	$(Q)BUILD=$(BUILD) tests/lint/run $(LINTS)

# One mark a file, so that only what changed is looked at again.
TIDY_SRC := $(CORE_SRC) $(OS_SRC) $(DMN_SRC) $(UNIT_SRC) \
            $(UNIT_LIB_SRC) $(CHECK_SRC) $(TOOL_SRC) tests/e2e/malloc.c \
            $(wildcard tests/nomalloc/*.c)

TIDY_CF  := .clang-tidy tests/.clang-tidy
TIDY_OK  := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(TIDY_SRC))

tidy: $(TIDY_OK) $(BUILD)/tidy/cppcheck.ok ## clang-tidy, cppcheck: nothing found

$(BUILD)/tidy/src/core/%.ok: src/core/%.c $(HEADERS) $(TIDY_CF)
	$(Q)mkdir -p $(@D); echo "  TIDY  $<"
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- $(BASE_CF)
	$(Q)touch $@

$(BUILD)/tidy/%.ok: %.c $(HEADERS) $(TIDY_CF)
	$(Q)mkdir -p $(@D); echo "  TIDY  $<"
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- $(BASE_CF) $(SYS_CF)
	$(Q)touch $@

# cppcheck does not follow every system header, and version 2.10 stumbles over
# a compound literal behind a "?"; both messages say nothing about the code.
$(BUILD)/tidy/cppcheck.ok: $(TIDY_SRC) $(HEADERS)
	$(Q)mkdir -p $(@D); echo "  CPPCHECK"
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	    --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem \
	    --suppress=internalAstError -Iinclude -Iinclude/os/linux \
	    -DVERSION='"$(VERSION)"' -DPREFIX='"$(PREFIX)"' -D_GNU_SOURCE \
	    $(TIDY_SRC)
	$(Q)touch $@

format: ## clang-format in place
	$(Q)clang-format -i $(C_FILES)

# --- other ways to run the unit tests, each with its own objects

.PHONY: test-asan test-tsan test-valgrind test-nomalloc cov
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all \
        -fno-omit-frame-pointer
TSAN := -fsanitize=thread -fno-omit-frame-pointer
# Only these start threads; TSan cannot cope with all address layouts.
TSAN_TESTS := $(wildcard $(patsubst %,tests/unit/%_test.c, \
                ring loop kqueue errand))
TSAN_RUN_linux := setarch -R

test-asan: ## unit tests under ASan and UBSan
	$(Q)$(MAKE) BUILD=$(BUILD)/asan HARDEN=-fPIE CFLAGS='-O1 -g' \
	    EXTRA='$(ASAN)' test

test-tsan: ## unit tests of what has threads, under TSan
	$(Q)TEST_RUN='$(TSAN_RUN_$(OS))' $(MAKE) BUILD=$(BUILD)/tsan HARDEN= \
	    CFLAGS='-O1 -g' EXTRA='$(TSAN)' UNIT_SRC='$(TSAN_TESTS)' test

test-valgrind: $(UNIT_BIN) ## unit tests under valgrind
	$(Q)TEST_RUN='valgrind -q --error-exitcode=99 --leak-check=full' \
	    tests/unit/run $(UNIT_BIN)

# Brings a malloc family and a virtual interface of its own.
$(BUILD)/nomalloc: tests/nomalloc/nomalloc.c $(LIB_OBJ)
	$(Q)mkdir -p $(@D); echo "  TEST  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $< \
	    $(filter-out %/netif_tap.o,$(LIB_OBJ)) $(PKG_LD) -lpthread

test-nomalloc: $(BUILD)/nomalloc ## Linux: the loop thread allocates nothing
	$(Q). tests/result.sh; if $<; then result ok nomalloc; \
	    else result not nomalloc; exit 1; fi

cov: ## line coverage by module; core below 95 % fails
	$(Q)mkdir -p $(BUILD)/cov && find $(BUILD)/cov -name '*.gcda' -delete
	$(Q)$(MAKE) BUILD=$(BUILD)/cov HARDEN=-fPIE CFLAGS='-O0 -g' \
	    EXTRA='--coverage' test
	$(Q)CC='$(CC)' tests/cov $(BUILD)/cov

# --- the whole daemon

.PHONY: e2e e2e-tools e2e-check demo bench
e2e-tools: $(TOOL_BIN) $(CHECK_BIN) $(E2E_NOMALLOC)

e2e: $(BUILD)/lansplice e2e-tools e2e-check ## daemons in network namespaces
	$(Q)BUILD=$(BUILD) tests/e2e/run

# what needs root of single modules
e2e-check: e2e-tools
	$(Q)RESULT_PREFIX=e2e tests/unit/run $(CHECK_BIN)

demo: ## two hosts, a tunnel, a measurement; needs root
	$(Q)tests/demo

bench: $(BUILD)/lansplice $(TOOL_BIN) ## speed beside fastd; needs root
	$(Q)BUILD=$(BUILD) tests/bench/run

# --- delivery

.PHONY: install uninstall dist clean ci
SBIN := $(DESTDIR)$(PREFIX)/sbin
MAN  := $(DESTDIR)$(PREFIX)/share/man
ETC_linux  := $(DESTDIR)/etc/lansplice
ETC_darwin := $(DESTDIR)$(PREFIX)/etc/lansplice
ETC  := $(ETC_$(OS))
MANS := $(notdir $(wildcard man/*.[578]))

install: $(BUILD)/lansplice ## daemon, manual, sample; DESTDIR and PREFIX obeyed
	install -d -m 755 $(SBIN) $(ETC)
	install -m 755 $(BUILD)/lansplice $(SBIN)/lansplice
	for m in $(MANS); do \
	    install -d -m 755 $(MAN)/man$${m##*.} && \
	    install -m 644 man/$$m $(MAN)/man$${m##*.}/$$m || exit 1; done
	install -m 644 conf/lansplice.conf $(ETC)/lansplice.conf.sample

uninstall: ## removes what install brought; keys and configuration stay
	rm -f $(SBIN)/lansplice $(ETC)/lansplice.conf.sample
	for m in $(MANS); do rm -f $(MAN)/man$${m##*.}/$$m; done

dist: ## lansplice-VERSION.tar.gz of the last commit
	$(Q)mkdir -p $(BUILD)
	git archive --prefix=lansplice-$(VERSION)/ HEAD | \
	    gzip -9n >$(BUILD)/lansplice-$(VERSION).tar.gz

ci: ## all that a workflow runs, with the CC given
	$(Q)$(MAKE) WERROR=1 check tidy
	$(Q)$(MAKE) WERROR=1 test-tsan test-valgrind cov
	$(Q)$(MAKE) BUILD=$(BUILD)/one all
	$(Q)$(MAKE) BUILD=$(BUILD)/two all
	$(Q)cmp $(BUILD)/one/lansplice $(BUILD)/two/lansplice
	$(Q)$(MAKE) DESTDIR=$(BUILD)/root install
	$(Q)find $(BUILD)/root -type f
	$(Q)tests/run

clean: ## removes build/
	$(Q)rm -rf $(BUILD)

help: ## this list
	$(Q)sed -n 's/^\([a-z0-9-]*\):.* ## \(.*\)/\1|\2/p' Makefile | \
	    awk -F'|' '{ printf "  %-14s %s\n", $$1, $$2 }'

-include $(wildcard $(BUILD)/src/*/*.d $(BUILD)/src/*/*/*.d $(BUILD)/*/*.d \
    $(BUILD)/tests/*/*.d)
