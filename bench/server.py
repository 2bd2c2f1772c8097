"""A server that answers every POST after a while, for ``throughput.py``: one thread, keep-alive, no more parsing than
it needs, so that it is not what is measured.

``python bench/server.py MILLISECONDS`` prints its address and serves until it is terminated; ``GET /`` tells how many
posts and connections there were since the last ``GET /``, and how many requests at once.
"""

import asyncio
import json
import re
import sys


LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


async def serve(delay: float) -> None:
    counts = {"connections": 0, "posts": 0, "most_at_once": 0}
    number = at_once = 0

    async def talk(reader, writer):
        nonlocal number, at_once
        known = False
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = LENGTH.search(head)
                if length:
                    await reader.readexactly(int(length[1]))
                if head.startswith(b"POST"):
                    counts["connections"] += not known
                    known = True
                    at_once += 1
                    counts["most_at_once"] = max(counts["most_at_once"], at_once)
                    await asyncio.sleep(delay)
                    at_once -= 1
                    counts["posts"] += 1
                    number += 1
                    body = b'{"id": "%d"}' % number
                else:
                    body = json.dumps(counts).encode()
                    counts.update(dict.fromkeys(counts, 0))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1000))
