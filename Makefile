# SPDX-License-Identifier: Apache-2.0
#
# make run and make test are all that a newcomer needs. `make help` lists what a user needs, `make help-all` the rest:
# Tests/Makefile has the tests, Benchmarks/Makefile the comparisons with other libraries.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
# Lines for backtraces. All of -g doubles what the compiler takes for unrolled arithmetic.
CFLAGS ?= -O2 -g1
ifeq ($(origin CC),default)
  CC := $(firstword $(foreach c,gcc clang cc,$(if $(shell command -v $(c)),$(c))) cc)
endif
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
PYTHON ?= python3
CLANG_FORMAT_VERSION := 20.1.8
JOBS := $(shell nproc 2>/dev/null || echo 2)

HEADER := CKernels/include/primality.h
VERSION := $(shell sed -n 's/^\#define PRK_VERSION_STRING "\(.*\)"/\1/p' $(HEADER))
# Raised by what breaks programs that were linked before: layouts and meanings, not additions.
SOVERSION := 1

# Where things are installed; each may be given, absolute, as the GNU standards name them.
exec_prefix ?= $(PREFIX)
libdir ?= $(exec_prefix)/lib
bindir ?= $(exec_prefix)/bin
includedir ?= $(PREFIX)/include
datadir ?= $(PREFIX)/share
mandir ?= $(PREFIX)/share/man
# Where shells look for completions by themselves, below datadir.
completions = $(datadir)/bash-completion/completions/primality $(datadir)/zsh/site-functions/_primality \
	$(datadir)/fish/vendor_completions.d/primality.fish

SWIFT_RELEASE := -c release
BUILT = $$($(SWIFT) build -c release --show-bin-path)

.DEFAULT_GOAL := help
.PHONY: help help-all run lib install uninstall install-cli man lint format tables strong-bases check-tables \
	check-swift check-gmp check-folders clean

help: ## Show this list.
	@sed -n 's/^\([a-z0-9-]*\):.*[^\#]## \(.*\)/  make \1\t\2/p' Makefile Tests/Makefile | expand -t 22
	@echo "  make help-all       Show what developers use, too."

help-all:
	@sed -n 's/^\([a-z0-9-]*\):.*\#\# \(.*\)/  make \1\t\2/p' Makefile Tests/Makefile Benchmarks/Makefile python/Makefile packaging/Makefile | expand -t 22

run: check-swift check-gmp ## Build the release version and run the book's race.
	@[ -d .build/release ] || echo "building everything: some 5 minutes on two cores, later seconds"
	$(SWIFT) build $(SWIFT_RELEASE) --product primality
	@"$(BUILT)/primality" race
	@printf '\nThe tool is %s\nTry it: %s check 2^127-1\n' ".build/release/primality" ".build/release/primality"

# --- What a machine must have ---------------------------------------------------------------------

check-swift:
	@command -v $(SWIFT) >/dev/null 2>&1 || { \
	  echo "Swift 6.2 or later is needed: https://www.swift.org/install/linux/ (or make SWIFT=/path/to/swift)" >&2; \
	  exit 2; }
	@v=$$($(SWIFT) --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1); \
	set -- $$v 0 0; [ "$$1" -gt 6 ] || { [ "$$1" -eq 6 ] && [ "$$2" -ge 2 ]; } || { \
	  echo "Swift 6.2 or later is needed, and $(SWIFT) is version $$1.$$2: https://www.swift.org/install/linux/" >&2; \
	  exit 2; }

# By compiling, since pkg-config may be missing. Swift brings a compiler where the system has none.
compiles = printf '\#include <$(1)>\nint main(void) { return $(2); }\n' | \
	$$(command -v $(CC) || command -v clang) -x c - $(3) -o /dev/null 2>/dev/null
has_gmp = $(call compiles,gmp.h,gmp_version == 0,-lgmp)

apt_install = $(SUDO) apt-get -qq -o DPkg::Lock::Timeout=300 update && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $(1) >/dev/null

check-gmp:
	@if ! { $(has_gmp); }; then \
	  if command -v apt-get >/dev/null 2>&1; then \
	    echo "GMP's headers are missing: installing libgmp-dev" >&2; \
	    $(call apt_install,libgmp-dev); \
	  fi; \
	  if ! { $(has_gmp); }; then \
	    echo "GMP and its headers are needed, and a C compiler: install libgmp-dev (Debian, Ubuntu), gmp-devel (Fedora) or gmp (Arch)" >&2; \
	    exit 2; \
	  fi; \
	fi

# --- The C library --------------------------------------------------------------------------------

LIB_SOURCES := $(wildcard CKernels/*/*.c)
# Objects of one compiler and its flags are no use to another one. WERROR=1 stops at warnings and changes no object.
LIB_DIR := .build-c/$(notdir $(firstword $(CC)))-$(shell printf '%s' '$(CC) $(CFLAGS) $(UBSAN_ALL)' | cksum | cut -d' ' -f1)
LIB_OBJECTS := $(LIB_SOURCES:CKernels/%.c=$(LIB_DIR)/%.o)
WARNINGS := -Wall -Wextra $(if $(WERROR),-Werror)
LIB_FLAGS := -std=c17 $(WARNINGS) -fPIC -fvisibility=hidden -MMD -MP
SO := libprimality.so.$(VERSION)

lib: $(LIB_DIR)/$(SO) $(LIB_DIR)/libprimality.a ## Build the C library; needs no Swift.

$(LIB_DIR)/%.o: CKernels/%.c
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) $(CFLAGS) $(FEWER_CHECKS) -c $< -o $@

# The worker processes' side of the pools, which C tests and benchmarks run without Swift.
POOL_OBJECTS := $(patsubst Sources/%.c,$(LIB_DIR)/%.o,$(wildcard Sources/CPool/*.c))
$(LIB_DIR)/CPool/%.o: Sources/CPool/%.c
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) -ICKernels/include $(CFLAGS) -c $< -o $@

-include $(LIB_OBJECTS:.o=.d) $(POOL_OBJECTS:.o=.d)

$(LIB_DIR)/libprimality.a: $(LIB_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(LIB_DIR)/$(SO): $(LIB_OBJECTS) CKernels/primality.map
	$(CC) -shared -Wl,-soname,libprimality.so.$(SOVERSION) -Wl,--no-undefined \
	  -Wl,--version-script=CKernels/primality.map $(CFLAGS) $(LDFLAGS) $(LIB_OBJECTS) -lgmp -lm -o $@

# --- Installing -----------------------------------------------------------------------------------

# A relative folder would stand in primality.pc, and mean another one to each who reads it there.
check-folders:
	@for pair in 'PREFIX=$(PREFIX)' 'exec_prefix=$(exec_prefix)' 'libdir=$(libdir)' 'bindir=$(bindir)' \
	    'includedir=$(includedir)' 'mandir=$(mandir)' 'datadir=$(datadir)'; do \
	  case $$pair in \
	    *[[:space:]]*) echo "$$pair: folders with blanks in their names cannot be installed into" >&2; exit 2 ;; \
	    *=/*) ;; \
	    *) echo "$$pair is no absolute folder: write $${pair%%=*}=$$PWD/$${pair#*=}" >&2; exit 2 ;; \
	  esac; \
	done

# Below the prefix it stands as ${prefix}/..., so that pkg-config --define-prefix works.
below_prefix = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))

$(LIB_DIR)/primality.pc: CKernels/primality.pc.in $(HEADER) FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(call below_prefix,$(libdir))|' \
	  -e 's|@INCLUDEDIR@|$(call below_prefix,$(includedir))|' -e 's|@VERSION@|$(VERSION)|' $< > $@

.PHONY: FORCE
FORCE:

INSTALLED_HEADERS := primality.h prk_annotations.h prk_proof.h prk_long.h prk_search.h
INSTALLED_LIBRARIES := $(SO) libprimality.so.$(SOVERSION) libprimality.so libprimality.a

install: check-folders check-gmp lib $(LIB_DIR)/primality.pc ## Install the C library below DESTDIR and PREFIX (or libdir, includedir).
	install -d $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(includedir)
	install -m 644 $(INSTALLED_HEADERS:%=CKernels/include/%) $(DESTDIR)$(includedir)
	install -m 755 $(LIB_DIR)/$(SO) $(DESTDIR)$(libdir)
	ln -sf $(SO) $(DESTDIR)$(libdir)/libprimality.so.$(SOVERSION)
	ln -sf libprimality.so.$(SOVERSION) $(DESTDIR)$(libdir)/libprimality.so
	install -m 644 $(LIB_DIR)/libprimality.a $(DESTDIR)$(libdir)
	install -m 644 $(LIB_DIR)/primality.pc $(DESTDIR)$(libdir)/pkgconfig
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig 2>/dev/null || true

# What primality queue can talk to here. With traits everything is compiled anew, so that has a folder of its own.
QUEUES = $(if $(shell $(call compiles,libpq-fe.h,PQlibVersion() < 0,$(LIBPQ_FLAGS) -lpq) && echo yes),Postgres) \
	$(if $(shell $(call compiles,sqlite3.h,sqlite3_libversion_number() < 3035000,-lsqlite3) && echo yes),SQLite)
LIBPQ_FLAGS = $(shell pkg-config --cflags libpq 2>/dev/null)
QUEUE_LIBRARIES = $(if $(findstring Postgres,$(QUEUES)),-lpq) $(if $(findstring SQLite,$(QUEUES)),-lsqlite3)
comma := ,
empty :=
SWIFT_QUEUE = $(SWIFT_RELEASE) $(if $(strip $(QUEUES)),--scratch-path .build-queue --traits $(subst $(empty) $(empty),$(comma),$(strip $(QUEUES))))

# With the Swift library inside, so that it starts where no toolchain is. --static-swift-stdlib compiles everything
# anew for what is a matter of linking: so the objects that are there are linked once more. Where a toolchain has other
# libraries than these, it is asked the long way.
STATIC_LIBRARIES := Foundation FoundationInternationalization FoundationEssentials CoreFoundation _FoundationICU \
	_FoundationCShims _FoundationCollections
install-cli: check-folders check-swift check-gmp ## Install the command line tool below DESTDIR and PREFIX (or bindir, mandir, datadir), with the queues whose libraries are here.
	@echo "primality queue: $(if $(QUEUES),with $(QUEUES),with neither PostgreSQL nor SQLite: libpq-dev and libsqlite3-dev are not here)"
	$(SWIFT) build $(SWIFT_QUEUE) --product primality
	@mkdir -p .build-c
	@echo "linking the tool with the Swift library inside"
	@$(SWIFT)c -static-stdlib -o .build-c/primality "@$$($(SWIFT) build $(SWIFT_QUEUE) --show-bin-path)/primality.product/Objects.LinkFileList" \
	  -lgmp -lm $(QUEUE_LIBRARIES) \
	  $(STATIC_LIBRARIES:%=-l%) -Xlinker --gc-sections -Xlinker --defsym=main=PrimalityCLI_main >.build-c/link.log 2>&1 || { \
	  echo "this toolchain links otherwise: building everything for it, some minutes"; \
	  $(SWIFT) build $(SWIFT_QUEUE) --product primality --static-swift-stdlib --scratch-path .build-static && \
	  cp "$$($(SWIFT) build $(SWIFT_QUEUE) --scratch-path .build-static --show-bin-path)/primality" .build-c/primality; }
	$(call write_manual,.build-c/primality)
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(dir $(completions:%=$(DESTDIR)%))
	install -s -m 755 .build-c/primality $(DESTDIR)$(bindir)
	install -m 644 docs/primality.1 .build-c/man/primality-*.1 $(DESTDIR)$(mandir)/man1
	@for file in $(completions:%=$(DESTDIR)%); do \
	  echo "install -m 644 .build-c/completions/$${file##*/} $$file"; \
	  install -m 644 ".build-c/completions/$${file##*/}" "$$file" || exit; done

# A page for each command and completions for each shell, as the tool given writes them.
write_manual = @rm -rf .build-c/man .build-c/completions && mkdir -p .build-c/man .build-c/completions && \
	tool="$(1)" && names=$$("$$tool" --generate-manual) && for name in $$names; do \
	  "$$tool" --generate-manual "$$name" >".build-c/man/primality-$$name.1" || exit; done && \
	"$$tool" --generate-completion-script bash >.build-c/completions/primality && \
	"$$tool" --generate-completion-script zsh >.build-c/completions/_primality && \
	"$$tool" --generate-completion-script fish >.build-c/completions/primality.fish

man: check-swift check-gmp ## Write the manual pages of the commands to .build-c/man, completions to .build-c/completions.
	$(SWIFT) build $(SWIFT_RELEASE) --product primality
	$(call write_manual,$(BUILT)/primality)
	@cp docs/primality.1 .build-c/man
	@echo "man -l .build-c/man/primality-check.1 shows one"

uninstall: check-folders ## Remove what install and install-cli have installed there.
	rm -f $(INSTALLED_HEADERS:%=$(DESTDIR)$(includedir)/%) $(INSTALLED_LIBRARIES:%=$(DESTDIR)$(libdir)/%) \
	  $(DESTDIR)$(libdir)/pkgconfig/primality.pc $(DESTDIR)$(bindir)/primality $(DESTDIR)$(mandir)/man1/primality.1 \
	  $(DESTDIR)$(mandir)/man1/primality-*.1 $(completions:%=$(DESTDIR)%)
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig 2>/dev/null || true

include Tests/Makefile
include Benchmarks/Makefile
include python/Makefile
include packaging/Makefile

# --- House-keeping --------------------------------------------------------------------------------

SWIFT_CODE := Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Benchmarks
C_CODE := $(filter-out CKernels/tables/%,$(wildcard $(addsuffix /*.[ch],CKernels/* Sources/C* Sources/C*/include Tests/C Tests/Install Benchmarks Benchmarks/u64 Benchmarks/big Benchmarks/proof Benchmarks/fft Benchmarks/count Benchmarks/pools python/src)) $(wildcard examples/*.c examples/*.cpp))
CLANG_FORMAT := .venv/bin/clang-format

$(CLANG_FORMAT):
	@$(PYTHON) -m venv .venv || { echo "lint needs Python's venv: install python3-venv" >&2; exit 2; }
	.venv/bin/pip install -q clang-format==$(CLANG_FORMAT_VERSION)

lint: check-swift $(CLANG_FORMAT) ### Check the format of Swift and C.
	$(SWIFT) format lint --strict -r $(SWIFT_CODE)
	$(CLANG_FORMAT) --dry-run -Werror $(C_CODE)

format: check-swift $(CLANG_FORMAT) ### Format Swift and C.
	$(SWIFT) format -i -r $(SWIFT_CODE)
	$(CLANG_FORMAT) -i $(C_CODE)

tables: check-swift ### Write the generated tables anew.
	@mkdir -p .build-c
	$(SWIFT) run $(SWIFT_RELEASE) generate-tables > .build-c/small_primes.h
	@cmp -s .build-c/small_primes.h CKernels/tables/small_primes.h || cp .build-c/small_primes.h CKernels/tables/small_primes.h

# Each base is the least one that tells the primes of its bucket, so that only the hash decides what is found.
STRONG_BASES_IN_SWIFT := Sources/PurePrimality/Pure64+StrongBases.swift
strong-bases: $(BIN)/strong_bases ### Find the bases of the strong tests below 2^32 anew and write their tables: some CPU minutes.
	$< find > .build-c/strong_bases.h
	@cmp -s .build-c/strong_bases.h CKernels/tables/strong_bases.h || cp .build-c/strong_bases.h CKernels/tables/strong_bases.h
	@$(MAKE) -s --no-print-directory $<
	$< swift > $(STRONG_BASES_IN_SWIFT)

# What takes minutes to find is only compared with its checksum; make verify-strong-bases tries all numbers.
check-tables: tables $(BIN)/strong_bases ### Generate the tables and want no difference.
	git diff --exit-code --stat -- CKernels/tables
	@$(BIN)/strong_bases checksum
	@$(BIN)/strong_bases swift | diff - $(STRONG_BASES_IN_SWIFT)

clean: ## Remove everything that was built.
	rm -rf .build .build-* .venv wheelhouse Benchmarks/.build
