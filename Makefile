# SPDX-License-Identifier: ISC
# lansplice. GNU make 3.81 or newer (what macOS ships).
# `make help` lists the targets; tests/setup installs what they need.

HOST    := $(if $(filter Darwin,$(shell uname -s)),darwin,linux)
# The shape to build: linux, or darwin. The Mac's shape on another system runs
# on stand-ins for what only a Mac has, and needs clang: `make darwin`.
OS      ?= $(HOST)
SHIM    := $(if $(filter darwin-linux,$(OS)-$(HOST)),tests/shim)
BUILD   ?= build
CC      ?= cc
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

comma    := ,
PKGS     := libsodium libconfig
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wvla \
            -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wcast-qual -Wformat=2 -Wwrite-strings $(if $(WERROR),-Werror)
HARDEN   := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
HARDEN_LD_linux := -pie -Wl,-z,relro,-z,now
HARDEN_LD_darwin := $(if $(SHIM),$(HARDEN_LD_linux))
# What make is given does not reach its shell functions before 4.4.
PKG      := $(if $(PKG_CONFIG_PATH),PKG_CONFIG_PATH='$(PKG_CONFIG_PATH)') \
              pkg-config
# Homebrew's headers are the system's as well: their warnings are not ours.
as_system = $(patsubst -I%,-isystem %,$(1))
PKG_CF   := $(call as_system,$(shell $(PKG) --cflags $(PKGS) 2>/dev/null))
PKG_LD   := $(shell $(PKG) --libs $(PKGS) 2>/dev/null || \
              echo -lsodium -lconfig)
# aegis-256, yes or no: libsodium has it since 1.0.19.
ifeq ($(AEGIS),)
AEGIS    := $(shell $(PKG) --exists 'libsodium >= 1.0.19' 2>/dev/null && \
              echo yes || echo no)
endif
$(if $(filter yes no,$(AEGIS)),,$(error AEGIS is yes or no))
TEST_CF  := $(call as_system,$(shell $(PKG) --cflags cmocka 2>/dev/null))
TEST_LD  := $(shell $(PKG) --libs cmocka 2>/dev/null || echo -lcmocka)
BASE_CF   = -std=c11 $(CFLAGS) $(WARN) $(HARDEN) $(EXTRA) -Iinclude $(PKG_CF)
ALL_CF    = $(BASE_CF) -MMD -MP
# core is plain C11; os and daemon use the system's own interfaces.
SYS_CF_linux  := -D_GNU_SOURCE -Iinclude/os/linux
SYS_CF_darwin := -D_DARWIN_C_SOURCE -D__APPLE_USE_RFC_3542 \
                 -mmacosx-version-min=11.0
SYS_CF_shim   := -D_GNU_SOURCE -fblocks -I$(SHIM)/include -Iinclude/os/linux
SYS_CF    = $(SYS_CF_$(if $(SHIM),shim,$(OS))) -DVERSION='"$(VERSION)"' \
            -DPREFIX='"$(PREFIX)"'
# What the system's own libraries are called.
SYS_LD_linux  := -lpthread
SYS_LD_darwin := -framework vmnet
# The stand-ins take these calls of the C library's on themselves.
SHIM_WRAP     := clock_gettime dlsym freeifaddrs getifaddrs if_nametoindex \
                 ioctl read setsockopt socket
SYS_LD_shim   := -lBlocksRuntime -lpthread -ldl -rdynamic \
                 $(patsubst %,-Wl$(comma)--wrap=%,$(SHIM_WRAP))
SYS_LD    = $(SYS_LD_$(if $(SHIM),shim,$(OS)))

CORE_OUT := src/core/aegis$(if $(filter yes,$(AEGIS)),_none).c
CORE_SRC := $(filter-out $(CORE_OUT),$(wildcard src/core/*.c))
OS_SRC   := $(wildcard src/os/*.c src/os/$(OS)/*.c)
SHIM_SRC := $(if $(SHIM),$(filter-out %_test.c,$(wildcard $(SHIM)/*.c)) \
              src/os/linux/kqueue.c)
DMN_SRC  := $(wildcard src/daemon/*.c)
UNIT_SRC := $(wildcard tests/unit/*_test.c tests/unit/$(OS)/*_test.c \
              tests/far/*_test.c $(if $(SHIM),$(SHIM)/*_test.c))
CHECK_SRC := $(wildcard tests/e2e/*_check.c)
TOOL_SRC := $(filter-out %_check.c %/malloc.c, \
              $(wildcard tests/e2e/*.c tests/bench/*.c))
HEADERS  := $(wildcard include/*/*.h include/os/*/*.h include/os/*/sys/*.h \
              tests/shim/*.h tests/shim/include/*.h tests/shim/include/*/*.h)

obj       = $(patsubst %.c,$(BUILD)/%.o,$(1))
CORE_OBJ := $(call obj,$(CORE_SRC))
OS_OBJ   := $(call obj,$(OS_SRC) $(SHIM_SRC))
DMN_OBJ  := $(call obj,$(DMN_SRC))
# what a unit test links: everything but main
LIB_OBJ  := $(CORE_OBJ) $(OS_OBJ) \
            $(filter-out $(BUILD)/src/daemon/main.o,$(DMN_OBJ))
# and what several of them share
UNIT_LIB_SRC := tests/unit/forge.c tests/unit/net.c
UNIT_LIB := $(call obj,$(UNIT_LIB_SRC))
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/%,$(UNIT_SRC))
# the far side of a ping: a responder in the place of the system's interface
FAR_SRC  := tests/far/netif_far.c tests/far/responder.c
FAR_TEST := $(BUILD)/far/far_test
far_lib   = $(filter-out %/netif_tap.o %/netif_vmnet.o,$(1)) \
            $(call obj,$(FAR_SRC))
# for e2e and bench: cmocka programs that need root, and tools
CHECK_BIN := $(patsubst tests/e2e/%.c,$(BUILD)/e2e/%,$(CHECK_SRC))
TOOL_BIN := $(patsubst tests/%.c,$(BUILD)/%,$(TOOL_SRC))
E2E_NOMALLOC := $(BUILD)/e2e/lansplice-nomalloc
# What programs of the bench share, and the one of the Mac's shape, which has
# stand-ins of its own and counts what is copied.
BENCH_LIB_SRC := tests/bench/lib/sides.c
BENCH_RX := $(BUILD)/bench/darwin/rx
BENCH_RX_SRC := $(CORE_SRC) $(BENCH_LIB_SRC) src/os/darwin/vmnet_port.c \
                src/os/darwin/mono_darwin.c src/os/sockaddr.c src/os/loop.c \
                src/os/linux/kqueue.c tests/shim/xpc.c
# Many nodes with a clock and a network of their own.
SIM      := $(BUILD)/sim/sim
SIM_SRC  := $(wildcard tests/sim/*.c)
SIM_SEEDS := 300
BENCH_RX_LD := -lBlocksRuntime -lpthread $(patsubst %,-Wl$(comma)--wrap=%, \
                 memcpy memmove __memcpy_chk __memmove_chk)

Q := $(if $(V),,@)

.PHONY: all test check lint tidy tidy-files format help FORCE
.DELETE_ON_ERROR:

all: $(BUILD)/lansplice ## the daemon, into build/

# macOS 26 lets a program use vmnet that is signed for it, if without a name.
ENTITLEMENTS := launchd/lansplice.entitlements
sign = $(if $(filter darwin,$(HOST)),codesign -s - -f \
         --entitlements $(ENTITLEMENTS) $(1))

$(BUILD)/lansplice: $(CORE_OBJ) $(OS_OBJ) $(DMN_OBJ)
	$(Q)echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $^ \
	    $(PKG_LD) $(SYS_LD)
	$(Q)$(call sign,$@)

$(BUILD)/src/core/%.o: src/core/%.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); echo "  CC    $<"
	$(Q)$(CC) $(ALL_CF) -c -o $@ $<

$(BUILD)/src/%.o: src/%.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); echo "  CC    $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); echo "  CC    $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(TEST_CF) -c -o $@ $<

$(filter-out $(FAR_TEST),$(UNIT_BIN)) $(CHECK_BIN): $(BUILD)/%: tests/%.c $(LIB_OBJ) $(UNIT_LIB)
	$(Q)mkdir -p $(@D); echo "  TEST  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(TEST_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) \
	    -o $@ $< $(LIB_OBJ) $(UNIT_LIB) $(PKG_LD) $(TEST_LD) \
	    $(SYS_LD)

$(TOOL_BIN): $(BUILD)/%: tests/%.c $(CORE_OBJ)
	$(Q)mkdir -p $(@D); echo "  TOOL  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $< \
	    $(filter %.o,$^) $(PKG_LD)

$(BUILD)/bench/micro $(BUILD)/bench/handshake: $(call obj,$(BENCH_LIB_SRC))

$(BENCH_RX): tests/bench/darwin/rx.c $(call obj,$(BENCH_RX_SRC))
	$(Q)mkdir -p $(@D); echo "  TOOL  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $< \
	    $(filter %.o,$^) $(PKG_LD) $(BENCH_RX_LD)

$(SIM): $(call obj,$(SIM_SRC)) $(CORE_OBJ)
	$(Q)mkdir -p $(@D); echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $^ \
	    $(PKG_LD)

$(BUILD)/far/lansplice: $(call far_lib,$(CORE_OBJ) $(OS_OBJ) $(DMN_OBJ))
	$(Q)mkdir -p $(@D); echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(EXTRA) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $^ \
	    $(PKG_LD) $(SYS_LD)

$(FAR_TEST): tests/far/far_test.c $(call far_lib,$(LIB_OBJ))
	$(Q)mkdir -p $(@D); echo "  TEST  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(TEST_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) \
	    -o $@ $< $(call far_lib,$(LIB_OBJ)) $(PKG_LD) $(TEST_LD) $(SYS_LD)

# The daemon with a malloc that can be forbidden.
$(E2E_NOMALLOC): tests/e2e/malloc.c $(BUILD)/lansplice
	$(Q)mkdir -p $(@D); echo "  LD    $@"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $< \
	    $(CORE_OBJ) $(OS_OBJ) $(DMN_OBJ) $(PKG_LD) $(SYS_LD)

# Objects made with other flags or another compiler are made again, and linked
# with the library they were made for.
FLAGS = $(CC) $(BASE_CF) $(OS) $(PREFIX) $(VERSION) $(AEGIS) $(PKG_LD)
$(BUILD)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

test: $(UNIT_BIN) ## unit tests; no root needed
	$(Q)tests/unit/run $(UNIT_BIN)

check: ## what a commit must pass: lint, test, test-asan, all with -Werror
	$(Q)$(MAKE) WERROR=1 BUILD=$(BUILD)/check lint test
	$(Q)$(MAKE) WERROR=1 test-asan

# --- what the code must look like

C_FILES := $(wildcard include/*/*.h include/os/*/*.h include/os/*/*/*.h \
             src/*/*.c src/os/*/*.c tests/*/*.[ch] tests/*/*/*.[ch] \
             tests/*/*/*/*.h)
LINTS   := $(filter-out %/darwin.sh,$(wildcard tests/lint/*.sh))

lint: $(CORE_OBJ) $(BUILD)/lansplice ## layers, symbols, documents, words, form
	$(Q)BUILD=$(BUILD) tests/lint/run $(LINTS)

# One mark a file, so that only what changed is looked at again. What both
# shapes have is looked at in this system's.
TIDY_ALL := $(CORE_SRC) $(OS_SRC) $(DMN_SRC) $(UNIT_SRC) \
            $(UNIT_LIB_SRC) $(CHECK_SRC) $(TOOL_SRC) tests/e2e/malloc.c \
            $(FAR_SRC) $(wildcard tests/nomalloc/*.c tests/fuzz/*.c) \
            $(BENCH_LIB_SRC) $(SIM_SRC)
TIDY_MAC := $(wildcard src/os/darwin/*.c tests/shim/*.c tests/bench/darwin/*.c)
TIDY_SRC := $(if $(SHIM),$(TIDY_MAC),$(TIDY_ALL))

TIDY_CF  := .clang-tidy tests/.clang-tidy
TIDY_OK  := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(TIDY_SRC))

tidy: tidy-files ## clang-tidy, cppcheck: nothing found
	+$(Q)$(if $(filter linux,$(HOST)),$(DARWIN) tidy-files)

tidy-files: $(TIDY_OK) $(BUILD)/tidy/cppcheck.ok

$(BUILD)/tidy/src/core/%.ok: src/core/%.c $(HEADERS) $(TIDY_CF)
	$(Q)mkdir -p $(@D); echo "  TIDY  $<"
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- $(BASE_CF)
	$(Q)touch $@

$(BUILD)/tidy/%.ok: %.c $(HEADERS) $(TIDY_CF)
	$(Q)mkdir -p $(@D); echo "  TIDY  $<"
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- $(BASE_CF) $(SYS_CF)
	$(Q)touch $@

# cppcheck does not follow every system header, and version 2.10 stumbles over
# a compound literal behind a "?" and over a cast to a block; these messages say
# nothing about the code.
$(BUILD)/tidy/cppcheck.ok: $(TIDY_SRC) $(HEADERS)
	$(Q)mkdir -p $(@D); echo "  CPPCHECK"
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	    --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem \
	    --suppress=internalAstError --suppress=syntaxError:tests/shim/* \
	    $(patsubst %,-I%/include,$(SHIM)) \
	    -Iinclude -Iinclude/os/linux \
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
                ring loop kqueue errand) $(if $(SHIM),$(wildcard $(SHIM)/*_test.c)))
TSAN_RUN_linux := setarch -R

test-asan: ## unit tests under ASan and UBSan
	$(Q)$(MAKE) BUILD=$(BUILD)/asan HARDEN=-fPIE CFLAGS='-O1 -g' \
	    EXTRA='$(ASAN)' SIM_SEEDS=50 test

test-tsan: ## unit tests of what has threads, under TSan
	$(Q)TEST_RUN='$(TSAN_RUN_$(HOST))' $(MAKE) BUILD=$(BUILD)/tsan HARDEN= \
	    CFLAGS='-O1 -g' EXTRA='$(TSAN)' UNIT_SRC='$(TSAN_TESTS)' \
	    FUZZ_NAMES= SIM_SEEDS=0 test

test-valgrind: $(UNIT_BIN) ## unit tests under valgrind
	$(Q)TEST_RUN='valgrind -q --error-exitcode=99 --leak-check=full' \
	    tests/unit/run $(UNIT_BIN)

# Brings a malloc family and a virtual interface of its own.
$(BUILD)/nomalloc: tests/nomalloc/nomalloc.c $(LIB_OBJ)
	$(Q)mkdir -p $(@D); echo "  TEST  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(HARDEN_LD_$(OS)) $(LDFLAGS) -o $@ $< \
	    $(filter-out %/netif_tap.o,$(LIB_OBJ)) $(PKG_LD) $(SYS_LD)

test-nomalloc: $(BUILD)/nomalloc ## Linux: the loop thread allocates nothing
	$(Q). tests/result.sh; if $<; then result ok nomalloc; \
	    else result not nomalloc; exit 1; fi

cov: ## line coverage by module; core below 95 % fails
	$(Q)mkdir -p $(BUILD)/cov && find $(BUILD)/cov -name '*.gcda' -delete
	$(Q)$(MAKE) BUILD=$(BUILD)/cov HARDEN=-fPIE CFLAGS='-O0 -g' \
	    EXTRA='--coverage' test
	$(Q)CC='$(CC)' tests/cov $(BUILD)/cov

# --- fuzzers: libFuzzer's targets, and their corpora as tests

.PHONY: fuzz fuzz-merge fuzz-build fuzz-replay
# Some have a second shape, with a suite that takes everything for authentic.
FUZZ_OPEN  := content handshake node
FUZZ_NAMES := client conf content ctl frame handshake key node responder \
              state text wire $(FUZZ_OPEN:%=%-open)
F          ?= $(FUZZ_NAMES)
T          ?= 60
FUZZ_SRC   := $(wildcard tests/fuzz/*.c)
FUZZ_DIR   := $(BUILD)/fuzz
FUZZ_BIN    = $(FUZZ_NAMES:%=$(FUZZ_DIR)/%)
# libFuzzer brings a main of its own.
FUZZ_MAIN  := $(BUILD)/tests/fuzz/replay.o
# An archive: a target that defines a function itself takes the place of the
# module that has it.
FUZZ_LIB   := $(FUZZ_DIR)/all.a
FUZZ_LIB_OBJ := $(call obj,$(addprefix tests/fuzz/,fuzz.c rig.c \
                suite_true.c) tests/far/responder.c)
# Modules that are built once more, with other names for some functions. gcc
# minds glibc's type of connect(2) when the name is a macro.
FUZZ_LOG     = -Dwrite=fuzz_log_write
FUZZ_CLIENT  = -Dsocket=fuzz_socket -Dconnect=fuzz_connect \
               -Dfwrite=fuzz_fwrite -Wno-pedantic
FUZZ_SUITE   = $(foreach f,seal open handshake_seal handshake_open \
               cookie_seal cookie_open mac mac_short public_key dh equal, \
               -Dsuite_$(f)=suite_true_$(f))
fuzz_cc = $(CC) $(ALL_CF) $(SYS_CF) $(1) -c -o $@ $<
fuzz_ld = $(CC) $(CFLAGS) $(EXTRA) $(FUZZ_EXTRA) $(HARDEN_LD_$(OS)) \
          $(LDFLAGS) -o $@ $(filter %.o,$^) $(FUZZ_LIB) $(PKG_LD) $(SYS_LD)

$(FUZZ_LIB): $(LIB_OBJ) $(FUZZ_LIB_OBJ)
	$(Q)mkdir -p $(@D); rm -f $@
	$(Q)$(AR) rcs $@ $^

$(FUZZ_DIR)/made/log.o: src/os/log.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); $(call fuzz_cc,$(FUZZ_LOG))

$(FUZZ_DIR)/made/client.o: src/daemon/client.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); $(call fuzz_cc,$(FUZZ_CLIENT))

$(FUZZ_DIR)/made/suite.o: src/core/suite.c $(BUILD)/flags
	$(Q)mkdir -p $(@D); $(call fuzz_cc,$(FUZZ_SUITE))

$(FUZZ_DIR)/client: $(FUZZ_DIR)/made/client.o

$(filter-out %-open,$(FUZZ_BIN)): $(FUZZ_DIR)/%: $(BUILD)/tests/fuzz/%.o \
    $(FUZZ_DIR)/made/log.o $(FUZZ_MAIN) $(FUZZ_LIB)
	$(Q)echo "  FUZZ  $@"; $(fuzz_ld)

$(filter %-open,$(FUZZ_BIN)): $(FUZZ_DIR)/%-open: $(BUILD)/tests/fuzz/%.o \
    $(BUILD)/tests/fuzz/suite_open.o $(FUZZ_DIR)/made/suite.o \
    $(FUZZ_DIR)/made/log.o $(FUZZ_MAIN) $(FUZZ_LIB)
	$(Q)echo "  FUZZ  $@"; $(fuzz_ld)

fuzz-build: $(FUZZ_BIN)

fuzz-replay: $(FUZZ_BIN)
	$(Q)tests/fuzz/run replay $(FUZZ_DIR) $(FUZZ_NAMES)

test: fuzz-replay

# Apple's clang has no libFuzzer; Homebrew's llvm has.
FUZZ_CC ?= clang
FUZZ := $(MAKE) BUILD=$(BUILD)/libfuzzer CC='$(FUZZ_CC)' HARDEN=-fPIE \
        CFLAGS='-O1 -g' EXTRA='$(ASAN) -fsanitize=fuzzer-no-link' FUZZ_MAIN= \
        FUZZ_EXTRA=-fsanitize=fuzzer FUZZ_NAMES='$(F)'

fuzz: ## each fuzz target (or F=name) for T=60 seconds; needs clang
	+$(Q)$(FUZZ) fuzz-build
	$(Q)T=$(T) tests/fuzz/run fuzz $(BUILD)/libfuzzer/fuzz $(F)

fuzz-merge: ## takes what `make fuzz` found into tests/fuzz/corpus
	+$(Q)$(FUZZ) fuzz-build
	$(Q)tests/fuzz/run merge $(BUILD)/libfuzzer/fuzz $(F)

# --- the simulator

.PHONY: sim sim-test
sim-test: $(SIM)
	$(Q)tests/sim/run $(SIM) 1 $(SIM_SEEDS)

test: sim-test

sim: $(SIM) ## every night: 10,000 seeds, 50 nodes, days
	$(Q)tests/sim/run $(SIM) 1 10000
	$(Q)tests/sim/run $(SIM) 1 100 --nodes 50
	$(Q)tests/sim/run $(SIM) 1 20 --nodes 5 --minutes 7200

# --- the Mac's shape, on this system

.PHONY: darwin lint-darwin test-darwin test-darwin-tsan e2e-darwin mutants all-tests darwin-bench
DARWIN_CC ?= clang
DARWIN    := $(MAKE) OS=darwin CC='$(DARWIN_CC)' WERROR=1 BUILD=$(BUILD)/darwin

darwin: ## Linux: the daemon as the Mac runs it, on stand-ins
	+$(Q)$(DARWIN) all

test-darwin: ## Linux: unit tests in the Mac's shape
	+$(Q)RESULT_PREFIX=darwin $(DARWIN) all test

lint-darwin: darwin ## Linux: the Mac's shape asks for nothing that macOS lacks
	$(Q)BUILD=$(BUILD)/darwin tests/lint/run tests/lint/darwin.sh

e2e-darwin: $(BUILD)/lansplice e2e-tools darwin ## Linux: e2e in the Mac's shape
	$(Q)BUILD=$(BUILD) SHAPE=darwin \
	    LANSPLICE=$(abspath $(BUILD)/darwin/lansplice) \
	    tests/e2e/run

mutants: ## Linux: each guard in the Mac's files has a test that misses it
	+$(Q)$(DARWIN) all-tests
	$(Q)BUILD=$(BUILD)/darwin DARWIN_CC='$(DARWIN_CC)' tests/mutants/run

all-tests: $(UNIT_BIN)

test-darwin-tsan: ## Linux: what has threads there, under TSan
	+$(Q)RESULT_PREFIX=darwin-tsan $(DARWIN) test-tsan

# Something if there is a compiler for it here.
HAS_DARWIN = $(shell mkdir -p $(BUILD) && \
               echo 'int main(void) { return ^{ return 0; }(); }' | \
               $(DARWIN_CC) -fblocks -x c - -o $(BUILD)/blocks \
               -lBlocksRuntime 2>/dev/null && echo yes)

darwin-bench: ## Linux: what receiving costs in the Mac's shape, if it builds
	+$(Q)$(if $(HAS_DARWIN),$(DARWIN) $(BUILD)/darwin/bench/darwin/rx, \
	    rm -f $(BUILD)/darwin/bench/darwin/rx)

# --- the whole daemon

.PHONY: e2e e2e-tools e2e-check far demo bench
far: $(BUILD)/lansplice $(BUILD)/far/lansplice ## daemon and far side

e2e-tools: $(TOOL_BIN) $(CHECK_BIN) $(E2E_NOMALLOC) $(BUILD)/far/lansplice

e2e: $(BUILD)/lansplice e2e-tools e2e-check ## daemons in network namespaces
	$(Q)BUILD=$(BUILD) tests/e2e/run

# what needs root of single modules
e2e-check: e2e-tools
	$(Q)RESULT_PREFIX=e2e tests/unit/run $(CHECK_BIN)

demo: ## two hosts, a tunnel, a measurement; needs root
	$(Q)tests/demo

bench: $(BUILD)/lansplice $(TOOL_BIN) darwin-bench ## speed beside fastd; needs root
	$(Q)BUILD=$(BUILD) tests/bench/run

# --- delivery

.PHONY: install uninstall sign dist clean ci
SBIN := $(DESTDIR)$(PREFIX)/sbin
MAN  := $(DESTDIR)$(PREFIX)/share/man
DATA := $(DESTDIR)$(PREFIX)/share/lansplice
ETC_linux  := $(DESTDIR)/etc/lansplice
ETC_darwin := $(DESTDIR)$(PREFIX)/etc/lansplice
ETC  := $(ETC_$(OS))
MANS := $(notdir $(wildcard man/*.[578]))
MAN_DIRS := $(patsubst .%,$(MAN)/man%,$(suffix $(MANS)))
# What the service manager reads, and where `lansplice service` puts it.
UNIT_linux  := systemd/lansplice.service
UNIT_darwin := launchd/org.lansplice.lansplice.plist
UNIT        := $(UNIT_$(OS))
UNIT_MADE   := $(BUILD)/$(notdir $(UNIT))
UNIT_DIR_linux  := /etc/systemd/system
UNIT_DIR_darwin := /Library/LaunchDaemons
UNIT_PLACE  := $(UNIT_DIR_$(OS))/$(notdir $(UNIT))
# macOS has no other way to keep a log small. Not root's: left out.
NEWSYSLOG   := $(DESTDIR)/etc/newsyslog.d
# All of it is root's if root installs it.
ROOT    := $(filter 0,$(shell id -u))
GROUP_linux  := root
GROUP_darwin := wheel
INSTALL := install $(if $(ROOT),-o root -g $(GROUP_$(HOST)))
# Folders that are there, Homebrew's for one, keep owner and mode.
make_dirs = for d in $(1); do \
	    [ -d $$d ] || $(INSTALL) -d -m 755 $$d || exit 1; done

$(UNIT_MADE): $(UNIT) $(BUILD)/flags
	$(Q)sed 's|@PREFIX@|$(PREFIX)|g' $< >$@

install: $(BUILD)/lansplice $(UNIT_MADE) ## daemon, manuals, sample, service
	$(call make_dirs,$(SBIN) $(ETC) $(DATA) $(sort $(MAN_DIRS)))
	$(INSTALL) -m 755 $(BUILD)/lansplice $(SBIN)/lansplice
	for m in $(MANS); do \
	    $(INSTALL) -m 644 man/$$m $(MAN)/man$${m##*.}/$$m || exit 1; done
	$(INSTALL) -m 644 conf/lansplice.conf $(ETC)/lansplice.conf.sample
	$(INSTALL) -m 644 $(UNIT_MADE) $(DATA)/$(notdir $(UNIT))
ifneq ($(and $(filter darwin,$(OS)),$(ROOT)$(DESTDIR)),)
	$(call make_dirs,$(NEWSYSLOG))
	$(INSTALL) -m 644 launchd/newsyslog.conf $(NEWSYSLOG)/lansplice.conf
endif

uninstall: ## removes what install brought; keys and configuration stay
	$(Q)if [ -z "$(DESTDIR)" ] && [ -e $(UNIT_PLACE) ]; then \
	    echo "first: sudo lansplice service uninstall" >&2; exit 1; fi
	rm -f $(SBIN)/lansplice $(ETC)/lansplice.conf.sample
	rm -f $(DATA)/$(notdir $(UNIT))
	for m in $(MANS); do rm -f $(MAN)/man$${m##*.}/$$m; done
	if [ -d $(DATA) ]; then rmdir $(DATA); fi
ifneq ($(and $(filter darwin,$(OS)),$(ROOT)$(DESTDIR)),)
	rm -f $(NEWSYSLOG)/lansplice.conf
endif

sign: $(BUILD)/lansplice ## macOS: signs the daemon for vmnet
	$(Q)$(or $(call sign,$<),echo "nothing to sign: this is not macOS")

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
    $(BUILD)/bench/*/*.d $(BUILD)/fuzz/made/*.d $(BUILD)/tests/*/*.d $(BUILD)/tests/*/*/*.d)
