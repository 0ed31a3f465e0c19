// SPDX-License-Identifier: Apache-2.0
//
// Fibers by <ucontext.h>. Sanitizers have to be told of each change of stacks.

#define _GNU_SOURCE

#include "fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_TSAN 1
#endif
#endif
#if HAS_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#if HAS_TSAN
#include <sanitizer/tsan_interface.h>
#endif

// GMP takes up to 64 KB of a stack at once, and sanitizers make frames larger. What is not touched
// is not there.
#define STACK_BYTES ((size_t)1 << 20)

struct prk_fiber {
    ucontext_t own, caller;
    void (*run)(void *context);
    void *context;
    uint8_t *stack; // begins with a page that nobody may touch
    size_t guard;
    bool has_ended;
    void *own_fake, *caller_fake; // of AddressSanitizer
    const void *caller_stack;
    size_t caller_bytes;
    void *own_tsan, *caller_tsan; // of ThreadSanitizer
};

// AddressSanitizer warns of swapcontext(), though it is told of the stacks.
static void change(ucontext_t *from, const ucontext_t *to) {
#if HAS_ASAN
    volatile bool is_back = false;
    getcontext(from);
    if (!is_back) {
        is_back = true;
        setcontext(to);
    }
#else
    swapcontext(from, to);
#endif
}

static void leave(prk_fiber *f) {
#if HAS_ASAN
    // An ended fiber's fake stack goes with it.
    __sanitizer_start_switch_fiber(f->has_ended ? NULL : &f->own_fake, f->caller_stack,
                                   f->caller_bytes);
#endif
#if HAS_TSAN
    __tsan_switch_to_fiber(f->caller_tsan, 0);
#endif
    change(&f->own, &f->caller);
}

static void arrive(prk_fiber *f) {
    (void)f;
#if HAS_ASAN
    __sanitizer_finish_switch_fiber(f->own_fake, &f->caller_stack, &f->caller_bytes);
#endif
}

// makecontext() hands on ints alone.
static void begin(unsigned low, unsigned high) {
    prk_fiber *f = (prk_fiber *)(uintptr_t)((uint64_t)high << 32 | low);
    arrive(f);
    f->run(f->context);
    f->has_ended = true;
    leave(f);
}

prk_fiber *prk_fiber_make(void) {
    prk_fiber *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return NULL;
    }
    f->guard = (size_t)sysconf(_SC_PAGESIZE);
    f->stack = mmap(NULL, f->guard + STACK_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (f->stack == MAP_FAILED) {
        free(f);
        return NULL;
    }
    mprotect(f->stack, f->guard, PROT_NONE);
#if HAS_TSAN
    f->own_tsan = __tsan_create_fiber(0);
#endif
    return f;
}

void prk_fiber_begin(prk_fiber *f, void (*run)(void *), void *context) {
    f->run = run;
    f->context = context;
    f->has_ended = false;
    f->own_fake = NULL;
    getcontext(&f->own); // never fails
    f->own.uc_stack.ss_sp = f->stack + f->guard;
    f->own.uc_stack.ss_size = STACK_BYTES;
    f->own.uc_link = NULL; // leave() is the way out
    const uint64_t address = (uint64_t)(uintptr_t)f;
    makecontext(&f->own, (void (*)(void))begin, 2, (unsigned)address, (unsigned)(address >> 32));
}

bool prk_fiber_resume(prk_fiber *f) {
#if HAS_ASAN
    __sanitizer_start_switch_fiber(&f->caller_fake, f->stack + f->guard, STACK_BYTES);
#endif
#if HAS_TSAN
    f->caller_tsan = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(f->own_tsan, 0);
#endif
    change(&f->caller, &f->own);
#if HAS_ASAN
    __sanitizer_finish_switch_fiber(f->caller_fake, NULL, NULL);
#endif
    return !f->has_ended;
}

void prk_fiber_wait(prk_fiber *f) {
    leave(f);
    arrive(f);
}

void prk_fiber_destroy(prk_fiber *f) {
    if (f == NULL) {
        return;
    }
#if HAS_TSAN
    __tsan_destroy_fiber(f->own_tsan);
#endif
    munmap(f->stack, f->guard + STACK_BYTES);
    free(f);
}
