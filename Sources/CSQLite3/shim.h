// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>
// What kind of file system a file is on.
#include <sys/vfs.h>
