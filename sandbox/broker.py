"""Kombu's broker of files, whose readers never meet a message that is only half written."""

from pathlib import Path
from time import monotonic_ns
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Writes a message under a name that no reader looks for, and renames it when it is complete.

    Kombu's own channel opens the file under its final name. A worker that finds it empty ends with an error.
    """

    def _put(self, queue, payload, **kwargs):
        folder, name = Path(self.data_folder_out), f"{monotonic_ns():020}_{uuid4()}"
        unfinished = folder / f"{name}.unfinished"
        unfinished.write_text(dumps(payload), encoding="utf-8")
        unfinished.rename(folder / f"{name}.{queue}.msg")


class Transport(filesystem.Transport):
    """The broker of files, with that channel."""

    Channel = Channel


def register() -> None:
    """Let ``filesystem://`` mean this broker; once in every process, before it connects."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
