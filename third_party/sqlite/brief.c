// SPDX-License-Identifier: Apache-2.0
//
// SQLite, with some functions that look into what nothing in SQLite's own interface shows: a compiled statement, and who calls a
// function. Each connection that is opened gets the functions of the shim, where that is linked.

#include "sqlite3.c"

#include "functions.h"

// The SBOM and the NOTICE name the version of third_party/pins.bzl, which is the one that was tested.
#if SQLITE_VERSION_NUMBER != PINNED_SQLITE_VERSION_NUMBER
#error "this is not the SQLite that third_party/pins.bzl pins"
#endif

// Longer programs are not looked at; the rows of an INSERT's VALUES do not count.
#define MOST_INSTRUCTIONS 200

// What runs more instructions than these, for all of its rows, takes long: half a millisecond, and more.
#define MOST_STEPS 20000

// A COMMIT of more pages takes long: each one is copied, and goes into a checksum.
#define MOST_PAGES 16

int dqlitepy_brief_rows(sqlite3_stmt *statement);
int dqlitepy_extend(sqlite3 *database);

// Instructions whose time does not depend on the number of rows beyond a search in a tree. Among what is missing: functions,
// which may take any time; triggers; virtual tables; sorters; whatever begins, ends or checks anything but the statement itself.
// BEGIN and COMMIT are looked at separately.
static int takes_little(u8 opcode) {
  switch (opcode) {
    case OP_Add:
    case OP_AddImm:
    case OP_Affinity:
    case OP_Close:
    case OP_Column:
    case OP_Copy:
    case OP_DecrJumpZero:
    case OP_DeferredSeek:
    case OP_Delete:
    case OP_Eq:
    case OP_FkCounter:
    case OP_FkIfZero:
    case OP_Found:
    case OP_Ge:
    case OP_Goto:
    case OP_Gt:
    case OP_Halt:
    case OP_HaltIfNull:
    case OP_IdxDelete:
    case OP_IdxGE:
    case OP_IdxGT:
    case OP_IdxInsert:
    case OP_IdxLE:
    case OP_IdxLT:
    case OP_IdxRowid:
    case OP_If:
    case OP_IfNot:
    case OP_IfPos:
    case OP_Init:
    case OP_Insert:
    case OP_Int64:
    case OP_IntCopy:
    case OP_Integer:
    case OP_IsNull:
    case OP_Le:
    case OP_Lt:
    case OP_MakeRecord:
    case OP_Move:
    case OP_Multiply:
    case OP_MustBeInt:
    case OP_Ne:
    case OP_NewRowid:
    case OP_NoConflict:
    case OP_Noop:
    case OP_NotExists:
    case OP_NotFound:
    case OP_NotNull:
    case OP_Null:
    case OP_NullRow:
    case OP_OpenRead:
    case OP_OpenWrite:
    case OP_Real:
    case OP_RealAffinity:
    case OP_ResultRow:
    case OP_Rowid:
    case OP_SCopy:
    case OP_SeekGE:
    case OP_SeekGT:
    case OP_SeekLE:
    case OP_SeekLT:
    case OP_SeekRowid:
    case OP_SoftNull:
    case OP_String:  // what String8 makes of itself when it runs
    case OP_String8:
    case OP_Subtract:
    case OP_Transaction:
    case OP_TypeCheck:
    case OP_Variable:
      return 1;
    default:
      return 0;
  }
}

// Tells whether a COMMIT would find few pages to write. A virtual table, such as one of FTS, may have kept anything until then.
static int has_little_to_commit(sqlite3 *database) {
  if (database->nVTrans > 0) return 0;
  Btree *temporary = database->aDb[1].pBt;
  int pages = 0;
  for (const PgHdr *page = sqlite3BtreePager(database->aDb[0].pBt)->pPCache->pDirty; page; page = page->pDirtyNext) {
    if (++pages > MOST_PAGES) return 0;
  }
  return temporary == 0 || sqlite3BtreeTxnState(temporary) != SQLITE_TXN_WRITE;
}

// Tells whether an instruction is the one of a BEGIN, or of a COMMIT that takes little. ROLLBACK has the same one.
static int begins_or_commits_little(const VdbeOp *instruction, sqlite3 *database) {
  int commits = instruction->p1;
  return instruction->opcode == OP_AutoCommit && !instruction->p2 && (!commits || has_little_to_commit(database));
}

// Tells whether no other connection has changed the schema since the statement was compiled: SQLite would compile it anew in
// its first step, perhaps into one that takes long. Only a look at the database tells.
static int schema_is_current(sqlite3 *database) {
  Btree *tree = database->aDb[0].pBt;
  int began = 0;
  u32 cookie = 0;
  if (sqlite3BtreeTxnState(tree) == SQLITE_TXN_NONE) {
    if (sqlite3BtreeBeginTrans(tree, 0, 0) != SQLITE_OK) return 0;
    began = 1;
  }
  sqlite3BtreeGetMeta(tree, BTREE_SCHEMA_VERSION, &cookie);
  if (began) sqlite3BtreeCommit(tree);
  return cookie == (u32)database->aDb[0].pSchema->schema_cookie;
}

// Tells whether a statement was compiled for another schema than its connection knows by now, as one may have been that was kept:
// SQLite would compile it anew, too. It marks such statements only in some cases.
static int is_outdated(const VdbeOp *instruction, sqlite3 *database) {
  if (instruction->opcode != OP_Transaction || !instruction->p5) return 0;  // BEGIN has one that asks for nothing
  const Schema *schema = database->aDb[instruction->p1].pSchema;
  return instruction->p3 != schema->schema_cookie || instruction->p4.i != schema->iGeneration;
}

// The coroutine that gives out the rows of VALUES (…), (…): straight on, values and a Yield for each row.
struct values {
  int first;  // instruction behind it; where there is none, the first of the program
  int rows;   // 1 where there is none
  int state;  // the register that Yield knows it by
};

// Finds it. Returns 0 for a coroutine that does anything else.
static int find_values(const Vdbe *program, struct values *values) {
  const VdbeOp *begin = &program->aOp[1];
  *values = (struct values){.rows = 1};
  if (program->nOp < 2 || begin->opcode != OP_InitCoroutine) return 1;
  *values = (struct values){.first = begin->p2, .state = begin->p1};
  for (int i = 2; i < begin->p2 - 1; i++) {
    switch (program->aOp[i].opcode) {
      case OP_Int64:
      case OP_Integer:
      case OP_Null:
      case OP_Real:
      case OP_String:
      case OP_String8:
      case OP_Variable:
        break;
      case OP_Yield:
        values->rows++;
        break;
      default:
        return 0;
    }
  }
  return values->rows > 0 && program->aOp[begin->p2 - 1].opcode == OP_EndCoroutine;
}

// Returns how many rows a statement that was not stepped yet goes through, 1 where it has to do with one at most, if it will be
// over soon, however many rows the tables hold; 0 if not. It has few instructions, executes each at most once for a row, and none
// of them takes long unless a row is large.
int dqlitepy_brief_rows(sqlite3_stmt *statement) {
  Vdbe *program = (Vdbe *)statement;
  struct values values;
  if (program->eVdbeState != VDBE_READY_STATE || program->expired || program->explain || !find_values(program, &values)) return 0;
  int instructions = program->nOp - values.first;
  if (instructions > MOST_INSTRUCTIONS || values.rows > MOST_STEPS / instructions) return 0;
  int next_row = 0;
  for (int i = values.first; i < program->nOp; i++) {
    const VdbeOp *instruction = &program->aOp[i];
    u8 opcode = instruction->opcode;
    if (values.rows > 1 && opcode == OP_Yield && instruction->p1 == values.state && instruction->p2 > i && !next_row) {
      next_row = i;
      continue;
    }
    // REPLACE, or an upsert, may meet a large row in the place of each that it brings.
    if (values.rows > 1 && (opcode == OP_Column || opcode == OP_Delete || opcode == OP_IdxDelete)) return 0;
    if (!takes_little(opcode) && !begins_or_commits_little(instruction, program->db)) return 0;
    if (is_outdated(instruction, program->db)) return 0;
    int goes_back = (sqlite3OpcodeProperty[opcode] & OPFLG_JUMP) && instruction->p2 <= i && instruction->p2 > 0;
    // To the next row, and the way back behind the initialization, which every program ends with.
    int may_go_back = opcode == OP_Goto && ((next_row && instruction->p2 == next_row) || (instruction->p2 == 1 && i == program->nOp - 1));
    if (goes_back && !may_go_back) return 0;
  }
  return schema_is_current(program->db) ? values.rows : 0;
}

// Tells whether the statement that calls a function was given up. dqlite does that by the progress handler, which is asked in the
// thread that steps the statement, as here.
int dqlitepy_interrupted(sqlite3_context *context) {
  sqlite3 *database = sqlite3_context_db_handle(context);
  return sqlite3_is_interrupted(database) || (database->xProgress && database->xProgress(database->pProgressArg));
}

// Tells whether a function is called for an index, a generated column or a CHECK, as SQLite's own date functions ask.
int dqlitepy_stored(sqlite3_context *context) {
  return context->pVdbe->aOp[context->iOp].opcode == OP_PureFunc;
}

static const struct dqlitepy_function *functions;
static int function_count;

// Has each connection that is opened from now on get the functions. They stay the caller's, for ever. Called before SQLite is used:
// by the shim, when it is loaded. Programs without it have none.
void dqlitepy_set_functions(const struct dqlitepy_function *ours, int count) {
  functions = ours;
  function_count = count;
}

// SQLite calls it for each connection, before anything else sees that. A node's loop opens connections, so that nothing of Go runs
// here: it would wait for the functions that other threads run.
int dqlitepy_extend(sqlite3 *database) {
  // With a parameter it takes any address for a tokenizer, whose code then runs, and shows those that it knows. FTS3 does without.
  for (int arguments = 1; arguments <= 2; arguments++) {
    int status = sqlite3_create_function_v2(database, "fts3_tokenizer", arguments, SQLITE_UTF8 | SQLITE_DIRECTONLY, 0, 0, 0, 0, 0);
    if (status != SQLITE_OK) return status;
  }
  int status = dqlitepy_add_series(database);
  for (int i = 0; status == SQLITE_OK && i < function_count; i++) {
    const struct dqlitepy_function *f = &functions[i];
    if (f->remove) {
      status = sqlite3_create_window_function(database, f->name, f->arguments, f->flags, f->data, f->step, f->result, f->result, f->remove, 0);
    } else {
      status = sqlite3_create_function_v2(database, f->name, f->arguments, f->flags, f->data, f->call, f->step, f->result, 0);
    }
  }
  return status;
}
