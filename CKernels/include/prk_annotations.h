// SPDX-License-Identifier: Apache-2.0
//
// Annotations that tell the Swift importer about bounds, escapes and names. They are nothing to a
// C or C++ compiler. Included by primality.h and installed beside it.

#ifndef PRK_ANNOTATIONS_H
#define PRK_ANNOTATIONS_H

#if defined(__swift__)
#define PRK_OPEN_ENUM __attribute__((enum_extensibility(open)))
#define PRK_SWIFT_NAME(name) __attribute__((swift_name(name)))
#else
#define PRK_OPEN_ENUM
#define PRK_SWIFT_NAME(name)
#endif

// `count` may be named before it is declared only where the bounds-safety attributes are on, which
// is in Swift targets with the feature SafeInteropWrappers. Others import plain pointers.
#if defined(__swift__) && defined(__has_feature)
#if __has_feature(bounds_safety_attributes)
#define PRK_COUNTED_BY(count) __attribute__((__counted_by__(count)))
#define PRK_NOESCAPE __attribute__((noescape))
#endif
#endif
#ifndef PRK_COUNTED_BY
#define PRK_COUNTED_BY(count)
#define PRK_NOESCAPE
#endif

#if defined(__GNUC__)
#define PRK_API __attribute__((visibility("default")))
#else
#define PRK_API
#endif

#endif
