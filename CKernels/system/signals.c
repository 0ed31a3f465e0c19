// SPDX-License-Identifier: Apache-2.0
//
// What signals do to the process.

// sigabbrev_np
#define _GNU_SOURCE

#include <signal.h>
#include <string.h>

#include "../include/prk_system.h"

bool prk_signal_is_ignored(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

bool prk_signal_is_default(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

void prk_signals_restore(void) {
    static const int fatal[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        if (!prk_signal_is_ignored(fatal[i])) {
            const struct sigaction by_default = {.sa_handler = SIG_DFL};
            sigaction(fatal[i], &by_default, NULL);
        }
    }
}

const char *prk_signal_name(int signal) { return sigabbrev_np(signal); }
