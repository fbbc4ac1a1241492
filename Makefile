# lansplice. GNU make 3.81 or newer (what macOS ships).
# `make help` lists the targets.

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
            -Wcast-qual -Wformat=2 -Wwrite-strings
HARDEN   := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
PKG_CF   := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LD   := $(shell pkg-config --libs $(PKGS) 2>/dev/null || \
              echo -lsodium -lconfig)
ALL_CF    = -std=c11 $(CFLAGS) $(WARN) $(HARDEN) $(EXTRA) -Iinclude $(PKG_CF) \
            -MMD -MP
# core is plain C11; os and daemon use the system's own interfaces.
SYS_CF    = -D_GNU_SOURCE -DVERSION='"$(VERSION)"'

CORE_SRC := $(wildcard src/core/*.c)
OS_SRC   := $(wildcard src/os/*.c src/os/$(OS)/*.c)
DMN_SRC  := $(wildcard src/daemon/*.c)
UNIT_SRC := $(wildcard tests/unit/*_test.c)

obj       = $(patsubst %.c,$(BUILD)/%.o,$(1))
CORE_OBJ := $(call obj,$(CORE_SRC))
OS_OBJ   := $(call obj,$(OS_SRC))
DMN_OBJ  := $(call obj,$(DMN_SRC))
# what a unit test links: everything but main
LIB_OBJ  := $(CORE_OBJ) $(OS_OBJ) \
            $(filter-out $(BUILD)/src/daemon/main.o,$(DMN_OBJ))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))

Q := $(if $(V),,@)

.PHONY: all test clean
all: $(BUILD)/lansplice

$(BUILD)/lansplice: $(CORE_OBJ) $(OS_OBJ) $(DMN_OBJ)
	$(Q)echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -pie $(LDFLAGS) -o $@ $^ $(PKG_LD) -lpthread

$(BUILD)/src/core/%.o: src/core/%.c
	$(Q)mkdir -p $(@D); echo "  CC    $<"
	$(Q)$(CC) $(ALL_CF) -c -o $@ $<

$(BUILD)/src/%.o: src/%.c
	$(Q)mkdir -p $(@D); echo "  CC    $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(LIB_OBJ)
	$(Q)mkdir -p $(@D); echo "  TEST  $<"
	$(Q)$(CC) $(ALL_CF) $(SYS_CF) $(LDFLAGS) -o $@ $< $(LIB_OBJ) \
	    $(PKG_LD) -lcmocka -lpthread

test: $(UNIT_BIN)
	$(Q)for t in $(UNIT_BIN); do $$t || exit 1; done

clean:
	$(Q)rm -rf $(BUILD)

-include $(wildcard $(BUILD)/src/*/*.d $(BUILD)/src/*/*/*.d $(BUILD)/unit/*.d)
