// SPDX-License-Identifier: Apache-2.0
//
// Functions that glibc 2.17 lacks, for the wheel to publish alone. They are hidden: the wheel's own
// calls find them, and nobody else's.

#define _GNU_SOURCE

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// From 2.25 on. Linux has the call from 3.17 on, and Red Hat's 3.10 from RHEL 7.4 on.
ssize_t getrandom(void *bytes, size_t count, unsigned flags) {
    return syscall(SYS_getrandom, bytes, count, flags);
}

// From 2.25 on.
void explicit_bzero(void *bytes, size_t count) {
    memset(bytes, 0, count);
    // Somebody might read it, for all the compiler knows.
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

// From 2.33 on functions; before, headers made them calls of these, as the Linux Standard Base has
// them.
int __fxstat64(int version, int file, struct stat64 *status);
int __xstat64(int version, const char *path, struct stat64 *status);
enum { VERSION_OF_STAT = 1 };

int fstat64(int file, struct stat64 *status) { return __fxstat64(VERSION_OF_STAT, file, status); }
int stat64(const char *path, struct stat64 *status) {
    return __xstat64(VERSION_OF_STAT, path, status);
}
