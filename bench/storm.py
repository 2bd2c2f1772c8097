"""fakenet in bad weather: a share of all requests goes wrong, at every stage. A process of its own.

``python bench/storm.py PORT SEED SILENCE`` prints its address and serves until it is terminated. ``POST /bench/storm``
with ``{"share": 0.15}`` sets the weather; ``POST /bench/tokens`` with ``{"network", "handle"}`` issues a token.
"""

import random
import sys
import threading
from collections import Counter
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from flask import request  # noqa: E402

from sandbox.fakenet import create_app  # noqa: E402
from sandbox.fakenet.faults import Fault, Faults  # noqa: E402
from sandbox.fakenet.server import make_server  # noqa: E402


# What may go wrong, and how often beside the others.
AT_PUBLISH = {
    "error": 3,
    "error_after": 3,
    "reset_before": 3,
    "reset_after": 3,
    "rate_limit": 3,
    "stall_before": 1,
    "stall_after": 1,
    "html_200": 1,
    "empty_200": 1,
    "no_id": 1,
}
ELSEWHERE = {"error": 3, "reset_before": 3, "rate_limit": 2, "html_200": 1, "stall_before": 1}
STAGES = {"publish": AT_PUBLISH, "upload": ELSEWHERE, "read": ELSEWHERE, "token": ELSEWHERE, "refresh": ELSEWHERE}


class Storm(Faults):
    """Faults that strike by chance.

    :param silence: how long (seconds) a network that says nothing says nothing.
    """

    def __init__(self, seed: int, silence: float):
        super().__init__()
        self.share, self.struck = 0.0, Counter()
        self._chance, self._silence, self._guard = random.Random(seed), silence, threading.Lock()

    def take(self, network, operation, handle, **kwargs) -> Fault | None:
        kinds = STAGES.get(operation)
        with self._guard:
            if kinds is None or self._chance.random() >= self.share:
                return None
            [kind] = self._chance.choices(list(kinds), list(kinds.values()))
            self.struck[f"{operation} {kind}"] += 1
        # Else X says that the whole day is spent, and others leave an hour to be guessed: too long for here.
        wait = {"Retry-After": "1"} if kind == "rate_limit" else {}
        return Fault(network, operation, kind, delay=self._silence, retry_after=1, headers=wait)


def main(port: int, seed: int, silence: float) -> None:
    app = create_app(line_monthly_quota=1_000_000)
    state = app.extensions["fakenet"]
    state.faults = storm = Storm(seed, silence)

    @app.post("/bench/storm")
    def set_weather():
        storm.share = float(request.json["share"])
        return {"struck": storm.struck}

    @app.post("/bench/tokens")
    def issue():
        wanted = request.json
        account = state.account(wanted["network"], wanted["handle"])
        token = state.add_token(
            wanted["network"], wanted["handle"], wanted.get("app", "bench"), scopes=tuple(wanted.get("scopes", ()))
        )
        return {"access_token": token.value, "id": account.id}

    server = make_server(app, port)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
