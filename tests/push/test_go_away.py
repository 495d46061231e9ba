"""GOAWAY is found between frames, however the bytes come."""

from hyperframe.frame import DataFrame, GoAwayFrame, PingFrame

from push.go_away import FRAME_BYTES_MAX, GoAway, GoAwayReader


def go_away(last_stream_id: int, words: bytes = b"") -> bytes:
    frame = GoAwayFrame(0)
    frame.last_stream_id, frame.additional_data = last_stream_id, words
    return frame.serialize()


def data(stream_id: int, body: bytes) -> bytes:
    frame = DataFrame(stream_id)
    frame.data = body
    return frame.serialize()


def joined(pieces: list[bytes | GoAway]) -> list[bytes | GoAway]:
    """Neighbouring bytes as one."""
    found: list[bytes | GoAway] = []
    for piece in pieces:
        if isinstance(piece, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def test_it_is_found_wherever_the_bytes_are_cut_and_all_else_is_handed_on() -> None:
    before, between, after = PingFrame(0).serialize(), data(1, bytes(70)), data(3, b"ok")
    whole = before + go_away(2**31 - 1, b"draining") + between + go_away(3) + after
    for size in range(1, len(whole) + 1):
        reader = GoAwayReader()
        pieces = [
            piece
            for start in range(0, len(whole), size)
            for piece in reader.read(whole[start : start + size])
        ]
        assert joined(pieces) == [before, GoAway(2**31 - 1), between, GoAway(3), after]


def test_a_frame_of_the_largest_size_waits_and_a_longer_one_is_handed_on_at_its_head() -> None:
    largest = data(1, bytes(FRAME_BYTES_MAX))
    reader = GoAwayReader()
    assert list(reader.read(largest[:-1])) == []
    assert list(reader.read(largest[-1:])) == [largest]
    longer = (FRAME_BYTES_MAX + 1).to_bytes(3, "big") + bytes(6)
    assert list(GoAwayReader().read(longer)) == [longer]
