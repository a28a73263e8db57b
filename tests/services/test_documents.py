"""Which files WhatsApp takes as documents: by their kind, looked at, and by their size."""

import pytest

from salesbot.services.documents import content_type

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TAKEN = [
    ("book.pdf", b"%PDF-1.7", "application/pdf"),
    ("BOOK.PDF", b"%PDF-1.4", "application/pdf"),
    ("text.docx", ZIP, WORD),
    ("text.doc", OLE, "application/msword"),
    ("numbers.xls", OLE, "application/vnd.ms-excel"),
    ("slides.ppt", OLE, "application/vnd.ms-powerpoint"),
    ("print.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
    ("print.png", b"\x89PNG\r\n\x1a\n", "image/png"),
    ("film.mp4", b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
    ("song.mp3", b"ID3\x04", "audio/mpeg"),
    ("song.mp3", b"\xff\xfb\x90", "audio/mpeg"),
    ("talk.ogg", b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
]


@pytest.fixture
def kept(tmp_path):
    def keep(beginning, size=0):
        path = tmp_path / "kept"
        with path.open("wb") as file:
            file.write(beginning)
            file.truncate(max(size, len(beginning)))
        return path

    return keep


@pytest.mark.parametrize(("name", "beginning", "kind"), TAKEN)
def test_what_whatsapp_takes_goes_under_its_own_type(kept, name, beginning, kind):
    assert content_type(kept(beginning), name) == kind


@pytest.mark.parametrize(
    "name", ["book.epub", "presets.zip", "notes.txt", "setup.exe", "song.flac", "book", "a.svg"]
)
def test_what_it_does_not_take_stays_a_link(kept, name):
    assert content_type(kept(ZIP), name) is None


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("book.pdf", ZIP), ("book.pdf", b""), ("print.png", b"\xff\xd8\xff"), ("song.ogg", b"OggS" + bytes(60))],
)
def test_a_file_that_is_not_what_its_name_says_stays_a_link(kept, name, beginning):
    assert content_type(kept(beginning), name) is None


@pytest.mark.parametrize(
    ("name", "beginning", "largest"),
    [("book.pdf", b"%PDF-", 16_000_000), ("print.jpg", b"\xff\xd8\xff", 5_000_000)],
)
def test_the_largest_goes_and_one_byte_more_stays(kept, name, beginning, largest):
    assert content_type(kept(beginning, largest), name)
    assert content_type(kept(beginning, largest + 1), name) is None


def test_a_file_that_is_not_there_stays_a_link(tmp_path):
    assert content_type(tmp_path / "nothing", "book.pdf") is None
