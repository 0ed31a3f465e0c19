// SPDX-License-Identifier: Apache-2.0

// MAP_ANONYMOUS
#define _GNU_SOURCE

#include <sys/mman.h>
#include <unistd.h>

#include "../include/prk_system.h"

// A page that forked children share: the flag, and in the next word its bell's descriptor + 1.
enum { FLAG, BELL, WORDS };

uint32_t *prk_flag_create(void) {
    void *page = mmap(NULL, WORDS * sizeof(uint32_t), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

void prk_flag_destroy(uint32_t *flag) {
    if (flag == NULL) {
        return;
    }
    if (flag[BELL] != 0) {
        close((int)flag[BELL] - 1);
    }
    munmap(flag, WORDS * sizeof *flag);
}

void prk_flag_raise(uint32_t *flag) {
    // Sequentially consistent: either the flag is seen by who asks for the bell, or the bell here.
    __atomic_store_n(&flag[FLAG], 1, __ATOMIC_SEQ_CST);
    const uint32_t bell = __atomic_load_n(&flag[BELL], __ATOMIC_SEQ_CST);
    if (bell != 0) {
        prk_doorbell_ring((int)bell - 1);
    }
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
