# SPDX-License-Identifier: Apache-2.0
#
# make run and make test are all that a newcomer needs; `make help` lists the rest.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
CFLAGS ?= -O2 -g
ifeq ($(origin CC),default)
  CC := $(firstword $(foreach c,cc gcc clang,$(if $(shell command -v $(c)),$(c))) cc)
endif
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
PYTHON ?= python3
CLANG_FORMAT_VERSION := 20.1.8
# Published vectors that the repository may not carry lie here when they are at hand.
export PRIMALITY_SHARED ?= $(wildcard $(abspath ../shared))

# A test's time limit is then about that test, not about all that began with it (Swift 6.3 and later).
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= $(shell expr 2 '*' "$$(nproc)")

HEADER := CKernels/include/primality.h
VERSION := $(shell sed -n 's/^\#define PRK_VERSION_STRING "\(.*\)"/\1/p' $(HEADER))
SOVERSION := $(word 1,$(subst ., ,$(VERSION)))

.DEFAULT_GOAL := help
.PHONY: help run test vectors install install-cli lint format tables check-tables lib bench \
	bench-compare bench-u64 bench-big bench-deps bench-pools run-bench-pools bench-mailbox models-python count count-update run-count test-swift \
	test-c run-c-tests test-install test-levels test-asan test-tsan soak soak-shards soak-pools \
	test-report check-swift check-gmp clean

help: ## Show this list.
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: check-swift check-gmp ## Build the release version and run the book's race.
	$(SWIFT) build -c release --product primality
	@$$($(SWIFT) build -c release --show-bin-path)/primality race

test: test-swift test-c test-install ## Run every test.

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
has_flint = $(call compiles,flint/ulong_extras.h,n_is_prime(9),-lflint)
has_openssl = $(call compiles,openssl/bn.h,BN_check_prime(0, 0, 0),-lcrypto)
has_pari = $(call compiles,pari/pari.h,uisprime(9),-lpari)

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

LIB_SOURCES := $(wildcard CKernels/cpu/*.c CKernels/u64/*.c CKernels/big/*.c CKernels/special/*.c CKernels/ifma/*.c CKernels/batch/*.c)
# Objects of one compiler and its flags are no use to another one.
LIB_DIR := .build-c/$(notdir $(firstword $(CC)))-$(shell printf '%s' '$(CC) $(CFLAGS)' | cksum | cut -d' ' -f1)
LIB_OBJECTS := $(LIB_SOURCES:CKernels/%.c=$(LIB_DIR)/%.o)
LIB_FLAGS := -std=c17 -Wall -Wextra -fPIC -fvisibility=hidden -MMD -MP
SO := libprimality.so.$(VERSION)

lib: $(LIB_DIR)/$(SO) $(LIB_DIR)/libprimality.a ## Build the C library; needs no Swift.

$(LIB_DIR)/%.o: CKernels/%.c
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) $(CFLAGS) -c $< -o $@

-include $(LIB_OBJECTS:.o=.d)

$(LIB_DIR)/libprimality.a: $(LIB_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(LIB_DIR)/$(SO): $(LIB_OBJECTS) CKernels/primality.map
	$(CC) -shared -Wl,-soname,libprimality.so.$(SOVERSION) -Wl,--no-undefined \
	  -Wl,--version-script=CKernels/primality.map $(CFLAGS) $(LDFLAGS) $(LIB_OBJECTS) -lgmp -o $@

$(LIB_DIR)/primality.pc: CKernels/primality.pc.in Makefile $(HEADER) FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< > $@

.PHONY: FORCE
FORCE:

install: check-gmp lib $(LIB_DIR)/primality.pc ## Install the C library below DESTDIR and PREFIX.
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include
	install -m 644 CKernels/include/primality.h CKernels/include/prk_annotations.h $(DESTDIR)$(PREFIX)/include
	install -m 755 $(LIB_DIR)/$(SO) $(DESTDIR)$(PREFIX)/lib
	ln -sf $(SO) $(DESTDIR)$(PREFIX)/lib/libprimality.so.$(SOVERSION)
	ln -sf libprimality.so.$(SOVERSION) $(DESTDIR)$(PREFIX)/lib/libprimality.so
	install -m 644 $(LIB_DIR)/libprimality.a $(DESTDIR)$(PREFIX)/lib
	install -m 644 $(LIB_DIR)/primality.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig 2>/dev/null || true

# With the Swift library inside, so that it starts where no toolchain is.
install-cli: check-swift check-gmp ## Install the command line tool below DESTDIR and PREFIX.
	$(SWIFT) build -c release --product primality --static-swift-stdlib --scratch-path .build-static
	install -d $(DESTDIR)$(PREFIX)/bin
	install -s -m 755 "$$($(SWIFT) build -c release --static-swift-stdlib --scratch-path .build-static --show-bin-path)/primality" $(DESTDIR)$(PREFIX)/bin

# --- Tests ----------------------------------------------------------------------------------------

# In release, because the exhaustive tests take minutes in unoptimised code.
test-swift: check-swift check-gmp
	$(SWIFT) test -c release --disable-xctest $(SWIFT_TEST_FLAGS)

# Programs in C are linked with the archive, since what they look at is hidden in the shared library.
BIN := $(LIB_DIR)/bin
C_HEADERS := $(wildcard CKernels/include/*.h CKernels/big/*.h CKernels/ifma/*.h Tests/C/*.h Benchmarks/u64/*.h)
C_PROGRAM = $(CC) -std=c17 -Wall -Wextra $(CFLAGS) -ICKernels/include -ITests/C
POOL_OBJECTS := $(patsubst CKernels/%.c,$(LIB_DIR)/%.o,$(wildcard CKernels/pool/*.c))
VECTORS = $(wildcard Tests/TestVectors/Resources/*.tsv $(PRIMALITY_SHARED)/vectors/*.tsv)

.SECONDARY: $(POOL_OBJECTS)

$(BIN)/%: Tests/C/%.c $(C_HEADERS) $(LIB_DIR)/libprimality.a $(POOL_OBJECTS)
	@mkdir -p $(@D)
	$(C_PROGRAM) $< $(POOL_OBJECTS) $(LIB_DIR)/libprimality.a $(LDFLAGS) -lgmp -o $@

run-c-tests: $(BIN)/kernels_test $(BIN)/lucas_test $(BIN)/lanes_test $(BIN)/levels_test
	@$(BIN)/kernels_test
	@$(BIN)/lucas_test $(VECTORS)
	@$(BIN)/lanes_test
	@$(BIN)/levels_test $(VECTORS)

test-c: check-gmp ## The C tests with each compiler at hand, and with sanitizers where clang has them.
	@sh Tests/C/headers.sh
	@for c in gcc clang; do \
	  command -v $$c >/dev/null 2>&1 || { echo "test-c: no $$c here, left out"; continue; }; \
	  $(MAKE) -s CC=$$c CFLAGS='-O2 -Werror' run-c-tests || exit 1; \
	done
	@if command -v clang >/dev/null 2>&1; then \
	  $(MAKE) -s CC=clang LDFLAGS=-fuse-ld=lld run-c-tests \
	    CFLAGS='-O1 -g -Werror -fsanitize=address,undefined -fno-sanitize-recover=all' || exit 1; \
	fi

SOAK ?= 100000000
SEED ?=
# Shards of a run, one a line on standard input, on every core.
soak_shards = xargs -P "$$(nproc)" -I '{}' $(BIN)/soak

soak: check-gmp $(BIN)/lanes_test $(BIN)/levels_test $(BIN)/soak ## Each level on SOAK random numbers of each size and on all below 2^32.
	@$(BIN)/lanes_test --products 1000000
	@$(BIN)/levels_test --every $(VECTORS)
	@seed=$(SEED); seed=$${seed:-$$(od -An -N8 -tu8 /dev/urandom | tr -d ' ')}; \
	echo "soak: $(SOAK) numbers of each size; SEED=$$seed repeats them"; \
	seq 64 | $(soak_shards) random $(SOAK) $$seed --shard '{}/64'
	@seq 64 | $(soak_shards) sieve --shard '{}/64'

# The first holds the smallest numbers, the last the largest.
soak-shards: check-gmp $(BIN)/soak ## Each level on one number in 128 below 2^32, as CI does.
	@printf '1\n256\n' | $(soak_shards) sieve --shard '{}/256'

LINES ?= 100000000
SOAK_SECONDS ?= 600
FAULTS ?= 200

soak-pools: check-swift check-gmp ## FAULTS of each kind, LINES through each pool, SOAK_SECONDS of random faults.
	PRIMALITY_THOROUGH=$(FAULTS) $(SWIFT) test -c release --disable-xctest --filter 'Fault|ToolLimitTests'
	$(PYTHON) Tests/soak-pools.py --lines $(LINES) --seconds $(SOAK_SECONDS) $(if $(SEED),--seed $(SEED)) \
	  "$$($(SWIFT) build -c release --show-bin-path)/primality"

test-install: lib ## Install into a folder, and use the library from C, C++ and Python.
	@CC="$(CC)" MAKE="$(MAKE)" PYTHON="$(PYTHON)" sh Tests/Install/run.sh

# One report with all there can be, made up, and one as this machine gives it.
test-report: check-swift check-gmp ## Look at reports of `primality bench` in a headless browser, where there is one.
	@mkdir -p .build-c
	PRIMALITY_REPORT=$(CURDIR)/.build-c/synthetic.html \
	  $(SWIFT) test -c release --disable-xctest --filter thePageIsWrittenForTheBrowser
	$$($(SWIFT) build -c release --show-bin-path)/primality bench --quick --html .build-c/quick.html
	@sh Tests/report-browser.sh .build-c/synthetic.html .build-c/quick.html

# What faults do to pools is the same at every level, and so is what models show. Any tool will do to ask for
# the levels: its own build has other flags than the tests', and each undoes the other.
test-levels: check-swift check-gmp ## The suite, but for faults and models, once per level that this machine supports.
	@[ -x "$$($(SWIFT) build -c release --show-bin-path)/primality" ] || $(SWIFT) build -c release --product primality
	@for level in $$($$($(SWIFT) build -c release --show-bin-path)/primality info | sed -n 's/^levels supported *//p'); do \
	  echo "== level $$level"; \
	  PRIMALITY_LEVEL=$$level PRIMALITY_EXPECTED_LEVEL=$$level $(MAKE) --no-print-directory test-swift \
	    SWIFT_TEST_FLAGS="--skip 'Fault|ToolLimitTests|TaskWorkerTests|ModelsTests|SpinTests'" || exit 1; \
	done

# Models measure: they run by themselves, and those that compute for long in Swift not under
# ThreadSanitizer, whose code is a hundred times as slow.
MODELS := ModelsTests|SpinTests|InfoAndRaceTests
MODELS_TSAN := InterpreterLockTests|HomeGrownPoolTests|ContentionTests
# Tests of what has no threads: for ThreadSanitizer there is nothing to see.
NO_THREADS := CKernelsTests[.]|PurePrimalityTests[.]
asan_test = PRIMALITY_SANITIZER=address LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/leaks.supp:print_suppressions=0 \
	$(SWIFT) test --disable-xctest --sanitize=address --scratch-path .build-asan -Xcc -O1
tsan_test = PRIMALITY_SANITIZER=thread \
	$(SWIFT) test --disable-xctest --sanitize=thread --scratch-path .build-tsan -Xcc -O1

test-asan: check-swift check-gmp ## The suite under AddressSanitizer and LeakSanitizer.
	$(asan_test) --skip '$(MODELS)'
	$(asan_test) --filter '$(MODELS)'

test-tsan: check-swift check-gmp ## What has threads under ThreadSanitizer, but for models that compute for long.
	$(tsan_test) --skip '$(MODELS)|$(NO_THREADS)'
	$(tsan_test) --filter '$(MODELS_TSAN)'

vectors: check-swift check-gmp ## Compare `primality check` with every line of the published vectors.
	@[ -n "$(PRIMALITY_SHARED)" ] || { echo "vectors: set PRIMALITY_SHARED to the folder that holds vectors/" >&2; exit 2; }
	$(SWIFT) build -c release --product primality
	@sh Tests/check-vectors.sh "$$($(SWIFT) build -c release --show-bin-path)/primality" "$(PRIMALITY_SHARED)"
	PRIMALITY_THOROUGH=1 $(SWIFT) test -c release --disable-xctest --filter residuesAreThoseOfPRST

bench: check-swift check-gmp ## Micro-benchmarks of the nested package; the first build takes minutes.
	cd Benchmarks && $(SWIFT) package --disable-sandbox benchmark

# As BENCH_FLAGS what `swift package benchmark` takes: --filter 'u64.*'.
bench-compare: check-swift check-gmp ## The micro-benchmarks here and of the commit BASE.
	@SWIFT="$(SWIFT)" sh Benchmarks/compare.sh "$(BASE)" $(BENCH_FLAGS)

BENCH_FLAGS ?=
bench-u64: check-gmp $(LIB_DIR)/libprimality.a ## Time the 64-bit tests beside GMP, FLINT and PARI; BENCH_FLAGS="--rounds 31 --json FILE".
	@mkdir -p $(BIN)
	@set -- bench peer_gmp; flags= libraries=; \
	if $(has_flint); then set -- "$$@" peer_flint; flags=-DPRK_HAS_FLINT libraries=-lflint; fi; \
	if $(has_pari); then set -- "$$@" peer_pari; flags="$$flags -DPRK_HAS_PARI" libraries="$$libraries -lpari"; fi; \
	$(C_PROGRAM) $$flags $$(printf 'Benchmarks/u64/%s.c ' "$$@") $(LIB_DIR)/libprimality.a $(LDFLAGS) $$libraries -lgmp -o $(BIN)/bench-u64
	@$(BIN)/bench-u64 $(BENCH_FLAGS)

bench-big: check-gmp $(LIB_DIR)/libprimality.a ## Time large numbers beside GMP, FLINT, PARI and OpenSSL; BENCH_FLAGS="--largest 2048".
	@mkdir -p $(BIN)
	@set -- bench peer_gmp; flags= libraries=; \
	if $(has_flint); then set -- "$$@" peer_flint; flags=-DPRK_HAS_FLINT libraries=-lflint; fi; \
	if $(has_pari); then set -- "$$@" peer_pari; flags="$$flags -DPRK_HAS_PARI" libraries="$$libraries -lpari"; fi; \
	if $(has_openssl); then set -- "$$@" peer_openssl; flags="$$flags -DPRK_HAS_OPENSSL" libraries="$$libraries -lcrypto"; fi; \
	$(C_PROGRAM) $$flags $$(printf 'Benchmarks/big/%s.c ' "$$@") $(LIB_DIR)/libprimality.a $(LDFLAGS) $$libraries -lgmp -o $(BIN)/bench-big
	@$(BIN)/bench-big $(BENCH_FLAGS)

bench-deps: check-gmp ## Install FLINT, PARI and OpenSSL, which bench-u64 and bench-big compare with.
	@if ! { $(has_flint); } || ! { $(has_pari); } || ! { $(has_openssl); }; then \
	  command -v apt-get >/dev/null 2>&1 || { echo "bench-deps: install the headers of FLINT, PARI and OpenSSL" >&2; exit 2; }; \
	  echo "headers are missing: installing libflint-dev, libpari-dev and libssl-dev" >&2; \
	  $(call apt_install,libflint-dev libpari-dev libssl-dev); \
	fi

# Python's library by a clang if there is one, as what Swift builds: the work should be the same code.
bench-pools: check-swift check-gmp ## Time the pools' channels beside Python's; BENCH_FLAGS="--rounds 31 --json FILE".
	$(SWIFT) build -c release --product pool-bench --package-path Benchmarks/pools
	@$(MAKE) -s --no-print-directory CC="$(if $(shell command -v clang),clang,$(CC))" run-bench-pools

bench-mailbox: check-gmp $(LIB_DIR)/libprimality.a $(POOL_OBJECTS) ## Time a request to a worker process and its answer, below Swift; BENCH_FLAGS="--rounds 31".
	@mkdir -p $(BIN)
	@$(C_PROGRAM) Benchmarks/pools/mailbox.c $(POOL_OBJECTS) $(LIB_DIR)/libprimality.a $(LDFLAGS) -lgmp -o $(BIN)/bench-mailbox
	@$(BIN)/bench-mailbox $(BENCH_FLAGS)

run-bench-pools: $(LIB_DIR)/$(SO)
	@$$($(SWIFT) build -c release --package-path Benchmarks/pools --show-bin-path)/pool-bench \
	  --python "$(PYTHON)" --peers Benchmarks/pools/peers.py --library $(LIB_DIR)/$(SO) $(BENCH_FLAGS)

models-python: check-swift check-gmp ## The concurrency models in CPython and here, side by side.
	$(SWIFT) build -c release --product primality
	@$(PYTHON) Benchmarks/python/chapter.py --primality "$$($(SWIFT) build -c release --show-bin-path)/primality" $(BENCH_FLAGS)

# gcc with fixed flags, whatever CC and CFLAGS are: the counts are those of its code.
count_with_gcc = $(MAKE) -s CC=gcc CFLAGS=-O2 run-count COUNT=$(1)

count: check-gmp ## Count instructions under callgrind, and compare with the baseline.
	@$(call count_with_gcc,compare)

count-update: check-gmp ## Count instructions, and make that the baseline.
	@$(call count_with_gcc,update)

$(BIN)/count: Benchmarks/u64/count.c $(C_HEADERS) $(LIB_DIR)/libprimality.a
	@mkdir -p $(@D)
	$(C_PROGRAM) $< $(LIB_DIR)/libprimality.a $(LDFLAGS) -lgmp -o $@

run-count: $(BIN)/count
	@sh Benchmarks/u64/count.sh $(COUNT) $(BIN)/count $(CC)

# --- House-keeping --------------------------------------------------------------------------------

SWIFT_CODE := Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Benchmarks \
	Benchmarks/pools/Package.swift Benchmarks/pools/PoolBench
C_CODE := $(filter-out CKernels/tables/%,$(wildcard $(addsuffix /*.[ch],CKernels/* Sources/CProbes Sources/CProbes/include Tests/C Tests/Install Benchmarks Benchmarks/u64 Benchmarks/big Benchmarks/pools)))
CLANG_FORMAT := .venv/bin/clang-format

$(CLANG_FORMAT):
	@$(PYTHON) -m venv .venv || { echo "lint needs Python's venv: install python3-venv" >&2; exit 2; }
	.venv/bin/pip install -q clang-format==$(CLANG_FORMAT_VERSION)

lint: check-swift $(CLANG_FORMAT) ## Check the format of Swift and C.
	$(SWIFT) format lint --strict -r $(SWIFT_CODE)
	$(CLANG_FORMAT) --dry-run -Werror $(C_CODE)

format: check-swift $(CLANG_FORMAT) ## Format Swift and C.
	$(SWIFT) format -i -r $(SWIFT_CODE)
	$(CLANG_FORMAT) -i $(C_CODE)

tables: check-swift ## Write the generated tables anew.
	@mkdir -p .build-c
	$(SWIFT) run -c release generate-tables > .build-c/small_primes.h
	mv .build-c/small_primes.h CKernels/tables/small_primes.h

check-tables: tables ## Generate the tables and want no difference.
	git diff --exit-code --stat -- CKernels/tables

clean: ## Remove everything that was built.
	rm -rf .build .build-* .venv Benchmarks/.build Benchmarks/pools/.build
