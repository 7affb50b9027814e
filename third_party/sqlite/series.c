// SPDX-License-Identifier: Apache-2.0
//
// The table-valued function generate_series(start, stop, step), whose column is named value. It is C because SQLite calls it four
// times for each row. Rows are made one by one: a statement that goes through many of them can be interrupted as any other.

#include "functions.h"

#include <string.h>

enum column { VALUE, START, STOP, STEP };
#define ARGUMENTS 3

// What xBestIndex tells xFilter: a bit for each argument that is given, and these.
#define ASCENDING 8
#define DESCENDING 16

// Without a stop, as in SQLite's own extension of this name.
#define DEFAULT_STOP 0xffffffff

struct cursor {
  sqlite3_vtab_cursor base;
  sqlite3_int64 arguments[ARGUMENTS];
  sqlite3_int64 value;
  sqlite3_int64 step;
  sqlite3_uint64 left;  // steps behind this row
  sqlite3_int64 row;
  int over;
};

static int series_connect(sqlite3 *database, void *data, int count, const char *const *arguments, sqlite3_vtab **table, char **error) {
  (void)data, (void)count, (void)arguments, (void)error;
  int status = sqlite3_declare_vtab(database, "CREATE TABLE x(value, start HIDDEN, stop HIDDEN, step HIDDEN)");
  if (status != SQLITE_OK) return status;
  *table = sqlite3_malloc(sizeof **table);
  if (*table == 0) return SQLITE_NOMEM;
  memset(*table, 0, sizeof **table);
  return sqlite3_vtab_config(database, SQLITE_VTAB_INNOCUOUS);
}

static int series_disconnect(sqlite3_vtab *table) {
  sqlite3_free(table);
  return SQLITE_OK;
}

static int series_best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
  int given[ARGUMENTS] = {-1, -1, -1};
  int unusable = 0, next = 0;
  for (int i = 0; i < info->nConstraint; i++) {
    int argument = info->aConstraint[i].iColumn - START;
    if (argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (info->aConstraint[i].usable) {
      given[argument] = i;
    } else {
      unusable |= 1 << argument;
    }
  }
  for (int argument = 0; argument < ARGUMENTS; argument++) {
    if (given[argument] < 0) continue;
    info->idxNum |= 1 << argument;
    info->aConstraintUsage[given[argument]].argvIndex = ++next;
    info->aConstraintUsage[given[argument]].omit = 1;
  }
  if (unusable & ~info->idxNum) return SQLITE_CONSTRAINT;  // another order of the tables may do
  if (given[0] < 0) {
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("generate_series() needs its first argument, where the series starts");
    return SQLITE_ERROR;
  }
  int bounded = given[1] >= 0;
  info->estimatedCost = bounded ? 1000 : 1e10;
  info->estimatedRows = bounded ? 1000 : DEFAULT_STOP;
  if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == VALUE) {
    info->idxNum |= info->aOrderBy[0].desc ? DESCENDING : ASCENDING;
    info->orderByConsumed = 1;
  }
  return SQLITE_OK;
}

static int series_open(sqlite3_vtab *table, sqlite3_vtab_cursor **opened) {
  (void)table;
  struct cursor *cursor = sqlite3_malloc(sizeof *cursor);
  if (cursor == 0) return SQLITE_NOMEM;
  memset(cursor, 0, sizeof *cursor);
  *opened = &cursor->base;
  return SQLITE_OK;
}

static int series_close(sqlite3_vtab_cursor *cursor) {
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static int series_filter(sqlite3_vtab_cursor *base, int number, const char *name, int count, sqlite3_value **values) {
  (void)name;
  struct cursor *cursor = (struct cursor *)base;
  sqlite3_int64 *arguments = cursor->arguments;
  arguments[0] = 0;
  arguments[1] = DEFAULT_STOP;
  arguments[2] = 1;
  cursor->over = 1;
  cursor->row = 1;
  for (int argument = 0, next = 0; argument < ARGUMENTS && next < count; argument++) {
    if (!(number & 1 << argument)) continue;
    if (sqlite3_value_type(values[next]) == SQLITE_NULL) return SQLITE_OK;
    arguments[argument] = sqlite3_value_int64(values[next++]);
  }
  if (arguments[2] == 0) arguments[2] = 1;
  sqlite3_int64 start = arguments[0], stop = arguments[1], step = arguments[2];
  if (step > 0 ? start > stop : start < stop) return SQLITE_OK;
  // Unsigned, where nothing overflows: the distance of two integers may be larger than any of them.
  sqlite3_uint64 distance = step > 0 ? (sqlite3_uint64)stop - (sqlite3_uint64)start : (sqlite3_uint64)start - (sqlite3_uint64)stop;
  sqlite3_uint64 size = step > 0 ? (sqlite3_uint64)step : -(sqlite3_uint64)step;
  cursor->left = distance / size;
  cursor->value = start;
  cursor->step = step;
  cursor->over = 0;
  if (step > 0 ? number & DESCENDING : number & ASCENDING) {
    cursor->value = (sqlite3_int64)((sqlite3_uint64)start + cursor->left * (sqlite3_uint64)step);
    cursor->step = (sqlite3_int64)-(sqlite3_uint64)step;
  }
  return SQLITE_OK;
}

static int series_next(sqlite3_vtab_cursor *base) {
  struct cursor *cursor = (struct cursor *)base;
  if (cursor->left == 0) {
    cursor->over = 1;
  } else {
    cursor->left--;
    cursor->row++;
    cursor->value = (sqlite3_int64)((sqlite3_uint64)cursor->value + (sqlite3_uint64)cursor->step);
  }
  return SQLITE_OK;
}

static int series_eof(sqlite3_vtab_cursor *base) { return ((struct cursor *)base)->over; }

static int series_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
  struct cursor *cursor = (struct cursor *)base;
  sqlite3_result_int64(context, column == VALUE ? cursor->value : cursor->arguments[column - START]);
  return SQLITE_OK;
}

static int series_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *row) {
  *row = ((struct cursor *)base)->row;
  return SQLITE_OK;
}

int dqlitepy_add_series(sqlite3 *database) {
  static const sqlite3_module series = {
      .xConnect = series_connect,
      .xBestIndex = series_best_index,
      .xDisconnect = series_disconnect,
      .xOpen = series_open,
      .xClose = series_close,
      .xFilter = series_filter,
      .xNext = series_next,
      .xEof = series_eof,
      .xColumn = series_column,
      .xRowid = series_rowid,
  };
  return sqlite3_create_module_v2(database, "generate_series", &series, 0, 0);
}
