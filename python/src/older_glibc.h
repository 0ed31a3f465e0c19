// SPDX-License-Identifier: Apache-2.0
//
// Included before every source of the wheel to publish, and of nothing else (`make wheel`).
//
// A linker takes the newest version of a symbol that the C library at hand has. glibc 2.34 moved
// functions of libpthread and libdl into libc and gave them new versions, and 2.29 did so to
// functions of libm that no longer set errno through a hook. Both still have the versions that
// programs of 2002 were linked with. Those are asked for here, so that the wheel also loads where
// glibc is 2.17. Python itself has loaded libpthread and libdl there.
//
// A name that a source does not use leaves no trace in its object. What is included here comes
// before the source's feature test macros, so no header of the system may.

#ifndef PRK_PY_OLDER_GLIBC_H
#define PRK_PY_OLDER_GLIBC_H

#ifndef __x86_64__
#error "other processors began with other versions of these symbols"
#endif

#define PRK_PY_VERSION(name, version) __asm__(".symver " #name "," #name "@GLIBC_" #version)

PRK_PY_VERSION(dlsym, 2.2.5);
PRK_PY_VERSION(exp2, 2.2.5);
PRK_PY_VERSION(log2, 2.2.5);
PRK_PY_VERSION(pow, 2.2.5);
PRK_PY_VERSION(pthread_attr_setstacksize, 2.2.5);
PRK_PY_VERSION(pthread_condattr_setclock, 2.3.3);
PRK_PY_VERSION(pthread_create, 2.2.5);
PRK_PY_VERSION(pthread_join, 2.2.5);
PRK_PY_VERSION(pthread_setname_np, 2.12);
PRK_PY_VERSION(pthread_sigmask, 2.2.5);

#endif
