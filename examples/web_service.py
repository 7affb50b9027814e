# SPDX-License-Identifier: Apache-2.0
"""A web service with its database inside the same process: one event loop, no threads for statements.

python web_service.py DIRECTORY [PORT]       (default: a free port, which it prints)

    curl -d 'buy milk' localhost:PORT/notes        answers {"id": 1} when the note is committed
    curl localhost:PORT/notes                      answers all notes
"""

import asyncio
import json
import signal
import sys

from dqlitepy import aio

LONGEST_NOTE = 100_000
SECONDS_FOR_A_REQUEST = 10.0


async def answer(pool: aio.Pool, method: str, path: str, body: bytes) -> tuple[str, object]:
    """Returns the status and what to send of a request."""
    if path != "/notes":
        return "404 Not Found", {"error": f"there is no {path}"}
    if method == "GET":
        async with pool.connection() as con:
            rows = await con.execute_fetchall("SELECT id, text FROM notes ORDER BY id")
        return "200 OK", [{"id": number, "text": text} for number, text in rows]
    if method == "POST":
        text = body.decode("utf-8", "replace").replace("\0", "")
        async with pool.connection() as con:  # commits at its end
            cursor = await con.execute("INSERT INTO notes (text) VALUES (?)", (text,))
        return "201 Created", {"id": cursor.lastrowid}
    return "405 Method Not Allowed", {"error": f"{method} is not for notes"}


async def read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    """Returns method, path and body; ValueError for what is no request."""
    method, path, _ = (await reader.readline()).decode("latin-1").split(" ", 2)
    size = 0
    while (line := await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "content-length":
            size = int(value)
    if not 0 <= size <= LONGEST_NOTE:
        raise ValueError(f"a note has at most {LONGEST_NOTE} bytes")
    return method, path, await reader.readexactly(size)


async def serve_one(pool: aio.Pool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers one request and closes the connection."""
    try:
        try:
            async with asyncio.timeout(SECONDS_FOR_A_REQUEST):  # also ends the statement
                status, content = await answer(pool, *await read_request(reader))
        except (ValueError, EOFError):
            status, content = "400 Bad Request", {"error": "that is no request"}
        except (TimeoutError, aio.OperationalError) as error:
            status, content = "503 Service Unavailable", {"error": str(error) or "that took too long"}
        data = json.dumps(content).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + data)
        await writer.drain()
    except ConnectionError:
        pass  # the client is gone
    finally:
        writer.close()


async def main(directory: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM."""
    async with aio.Pool(directory, min_size=2, max_size=16) as pool:
        async with pool.connection() as con:
            await con.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        server = await asyncio.start_server(lambda *streams: serve_one(pool, *streams), "127.0.0.1", port)
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        async with server:
            print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/notes", flush=True)
            await ended.wait()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 0))
