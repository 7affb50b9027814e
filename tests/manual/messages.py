# SPDX-License-Identifier: Apache-2.0
"""The messages of the package that docs/errors.md does not have."""

# What sqlite3 says as well, in the same words.
OF_SQLITE3 = {
    "'category' is out of bounds",
    "Base Connection.__init__ not called.",
    "Base Cursor.__init__ not called.",
    "Binding … has no name, but you supplied a dictionary (which has only names).",
    "Cannot operate on a closed cursor.",
    "Expanded SQL string exceeds the maximum string length",
    "Recursive use of cursors not allowed.",
    "You did not supply a value for binding parameter :….",
    "attempt to write a readonly database",
    "can't adapt",
    "invalid uri authority: …",
    "no such access mode: …",
    "parameters are of unsupported type",
    "query string is too large",
    "the query contains a null character",
    "too many SQL variables",
    "unknown database …",
}

# What few people meet, and what says by itself what to do. `…` stands for what is only known when it runs.
RARE = {
    "':sharedmemory:' is not supported: ':memory:' is shared by all threads",
    "TLS with the certificate … cannot work: …",
    "This Python has no ctypes (…): Debian's python3-minimal leaves it out, and a Python that is compiled "
    "without libffi's headers. Install the whole standard library: on Debian and Ubuntu, the package python3",
    "Unable to set config: end the transaction first",
    "Unsupported OS …: dqlite runs on Linux only. Use a Linux machine, container or VM",
    "Unsupported architecture … with a … Python: use a 64-bit Python on x86_64 or aarch64",
    "a database of dqlite is not deleted by a client: drop its tables",
    "a transaction is open on this connection already: commit it first",
    "a transaction is open, and an assignment cannot wait: commit it first",
    "blobopen() is not supported: dqlite's protocol has no access to parts of a blob. Read a part by "
    "substr(column, start, length); keep large objects in rows of a few hundred kilobytes",
    "nothing was restored: …",
    "only a connection that was opened with reads='local' knows its position",
    "open the connection with reads='local': only then the leader tells what it writes",
    "row … of the table … has a text with a NUL character inside, where dqlite's protocol would end it: make "
    "it a blob in the source first",
    "the TLS file … cannot be read: …",
    "the TLS file … is not in PEM form",
    "the event loop of this connection is closed",
    "the function ended the transaction: leave COMMIT and ROLLBACK to run_transaction",
    "the node has no id before its first start",
    "the node in … does not run: start it first",
    "the node in … needs an address by which the others reach it, such as 10.0.0.1:9000",
    "the node in … runs already",
    "the source cannot be read: …",
    "the target is not empty any more: somebody created … in it during the restore",
    "the … … cannot be restored: …. Drop it in a copy of the source first",
    "there is no shared cache: the connections to a directory share its node, whose cache is its own matter",
    "this limit cannot be changed: the cluster's leader keeps it, for all its clients. SQLITE_LIMIT_LENGTH, "
    "SQLITE_LIMIT_SQL_LENGTH and SQLITE_LIMIT_VARIABLE_NUMBER can be lowered",
    "this setting can be neither read nor changed: dqlite's protocol has no call for it, and SQLite no "
    "PRAGMA. SQLITE_DBCONFIG_ENABLE_FKEY, _LEGACY_ALTER_TABLE, _TRUSTED_SCHEMA and _WRITABLE_SCHEMA can",
    "this would … a transaction, and an assignment cannot wait: await set_autocommit(…)",
    "… and dqlitepy … disagree about the error struct. Reinstall dqlitepy",
    "… cannot be copied to …: …. Nothing was changed",
    "… cannot be loaded (…). Reinstall dqlitepy …",
    "… cannot be read: file is not a database (…)",
    "… cannot be read: …",
    "… cannot be written: …",
    "… does not run: start it before you connect",
    "… has no info.yaml, which says which node it was: restore that file",
    "… holds an embedded database, which is alone: there is nothing to recover",
    "… is a directory, not a SQLite file; to copy a database of dqlite, connect to it",
    "… is damaged, and nothing was restored: …. Save what can be read into a new file first, by `sqlite3 OLD "
    ".recover | sqlite3 NEW`",
    "… is damaged: it does not say which SQLite is in it. Reinstall dqlitepy …",
    "… is damaged: …",
    "… is missing: …",
    "… is not a regular file, so it cannot be a SQLite database",
    "… names no node of the cluster",
    "…() of temporary tables is not supported: only what is replicated is copied",
    "…=… in …: a node has no such thing. Leave it out",
}
