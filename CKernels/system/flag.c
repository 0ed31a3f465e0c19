// SPDX-License-Identifier: Apache-2.0
//
// Flags that end tests, and flags of parts of the work, which are raised with that of the whole.

// MAP_ANONYMOUS
#define _GNU_SOURCE

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../include/prk_system.h"

// A flag is a page that forked children share: the flag, and in the next word its bell's descriptor
// + 1. Behind it lies a page of this process alone, since it holds pointers. No system's pages are
// larger than this, and what is not used of them costs nothing.
enum { FLAG, BELL };
enum { PAGE = 1 << 16, MOST_PARTS = 500 };

typedef struct parts {
    uint32_t *whole;  // NULL, or the flag that this one is a part of
    uint32_t place;   // in the whole's list
    uint32_t raising; // how many threads, or signal handlers, are reading the list
    uint32_t *parts[MOST_PARTS];
} parts;

_Static_assert(sizeof(parts) <= PAGE, "a page is enough");

static parts *parts_of(uint32_t *flag) { return (parts *)(void *)((char *)flag + PAGE); }

uint32_t *prk_flag_create(void) {
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        return NULL;
    }
    if (mmap(pages, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
        MAP_FAILED) {
        munmap(pages, 2 * PAGE);
        return NULL;
    }
    return (uint32_t *)(void *)pages;
}

uint32_t *prk_flag_create_part(uint32_t *whole) {
    uint32_t *flag = prk_flag_create();
    if (flag == NULL) {
        return NULL;
    }
    parts *list = parts_of(whole), *own = parts_of(flag);
    own->whole = whole;
    for (uint32_t i = 0; i < MOST_PARTS; i++) {
        uint32_t *none = NULL;
        own->place = i;
        if (__atomic_compare_exchange_n(&list->parts[i], &none, flag, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST)) {
            // Who raised the whole before may not have seen this one.
            if (__atomic_load_n(&whole[FLAG], __ATOMIC_SEQ_CST) != 0) {
                prk_flag_raise(flag);
            }
            return flag;
        }
    }
    own->whole = NULL;
    prk_flag_destroy(flag);
    return NULL;
}

void prk_flag_destroy(uint32_t *flag) {
    if (flag == NULL) {
        return;
    }
    const parts *own = parts_of(flag);
    if (own->whole != NULL) {
        parts *list = parts_of(own->whole);
        __atomic_store_n(&list->parts[own->place], NULL, __ATOMIC_SEQ_CST);
        // Who has read it there before may be about to raise it.
        while (__atomic_load_n(&list->raising, __ATOMIC_SEQ_CST) != 0) {
            sched_yield();
        }
    }
    if (flag[BELL] != 0) {
        close((int)flag[BELL] - 1);
    }
    munmap(flag, 2 * PAGE);
}

void prk_flag_raise(uint32_t *flag) {
    // Sequentially consistent: either the flag is seen by who asks for the bell, or the bell here;
    // and either by who makes a part, or the part here.
    __atomic_store_n(&flag[FLAG], 1, __ATOMIC_SEQ_CST);
    const uint32_t bell = __atomic_load_n(&flag[BELL], __ATOMIC_SEQ_CST);
    if (bell != 0) {
        prk_doorbell_ring((int)bell - 1);
    }
    parts *list = parts_of(flag);
    __atomic_fetch_add(&list->raising, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < MOST_PARTS; i++) {
        uint32_t *part = __atomic_load_n(&list->parts[i], __ATOMIC_SEQ_CST);
        if (part != NULL) {
            prk_flag_raise(part);
        }
    }
    __atomic_fetch_sub(&list->raising, 1, __ATOMIC_SEQ_CST);
}

int prk_flag_bell(uint32_t *flag) {
    uint32_t bell = __atomic_load_n(&flag[BELL], __ATOMIC_SEQ_CST);
    if (bell != 0) {
        return (int)bell - 1;
    }
    const int made = prk_doorbell_create();
    if (made < 0) {
        return -1;
    }
    if (!__atomic_compare_exchange_n(&flag[BELL], &bell, (uint32_t)made + 1, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        close(made); // another thread was faster
        return (int)bell - 1;
    }
    return made;
}
