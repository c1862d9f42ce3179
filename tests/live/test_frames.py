"""Our frames equal the library's frames."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from pyapp.eventlog.messages import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_text_frame_is_what_websockets_would_send(size: int) -> None:
    message = b"x" * size
    assert text_frame(message) == Frame(Opcode.TEXT, message).serialize(mask=False)
