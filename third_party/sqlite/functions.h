// SPDX-License-Identifier: Apache-2.0
//
// What SQLite is given beyond its own interface, and what it tells of a call: between brief.c, series.c and the shim.

#ifndef DQLITEPY_FUNCTIONS_H
#define DQLITEPY_FUNCTIONS_H

#include "sqlite3.h"

// A scalar function has a call; an aggregate has a step and a result, and as a window a remove.
struct dqlitepy_function {
  const char *name;
  int arguments;
  int flags;
  void *data;
  void (*call)(sqlite3_context *context, int count, sqlite3_value **values);
  void (*step)(sqlite3_context *context, int count, sqlite3_value **values);
  void (*remove)(sqlite3_context *context, int count, sqlite3_value **values);
  void (*result)(sqlite3_context *context);
};

void dqlitepy_set_functions(const struct dqlitepy_function *ours, int count);
int dqlitepy_interrupted(sqlite3_context *context);
int dqlitepy_stored(sqlite3_context *context);
int dqlitepy_add_series(sqlite3 *database);

#endif
