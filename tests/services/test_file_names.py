"""File names survive in any language, and nothing in them does harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbot.services.file_names import kept_as, on_whatsapp


@pytest.mark.parametrize(
    "name",
    [
        "Über uns.pdf",
        "学习 Python.epub",
        "كتاب.pdf",
        "हिन्दी.zip",
        "Ελληνικά.mp3",
        "naïve (2).tar.gz",
        "50% off, now!.txt",
    ],
)
def test_a_name_in_any_language_is_kept(name):
    assert kept_as(name) == name


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\books\\one.pdf", "C__books_one.pdf"),
        ('a"b<c>d|e?f*.pdf', "a_b_c_d_e_f_.pdf"),
        ("one\r\nSet-Cookie: x.pdf", "oneSet-Cookie_ x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        (".htaccess", "file.htaccess"),
        (".pdf", "file.pdf"),
        ("  spaced \u00a0 out .pdf", "spaced out.pdf"),
        ("con.txt", "_con.txt"),
        ("", "file"),
        ("...", "file"),
        ("\ue0001\ue001.pdf", "1.pdf"),
        ("u\u0308.pdf", "ü.pdf"),
    ],
)
def test_what_a_computer_trips_over_is_taken_out(name, kept):
    assert kept_as(name) == kept


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_every_file_system_takes(name):
    kept = kept_as(name)
    assert kept
    assert len(kept.encode()) < 200
    assert not set(kept) & set('<>:"/\\|?*\r\n\x00')
    assert kept == kept.strip(" .")
    assert kept_as(kept) == kept


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Plain Money.pdf", "Plain-Money.pdf"),
        ("A very long title of a book.pdf", "A-very-long-titl.pdf"),
        ("Über uns.PDF", "Uber-uns.pdf"),
        ("学习.docx", "document.docx"),
    ],
)
def test_whatsapp_gets_a_short_plain_name(name, short):
    assert on_whatsapp(name) == short


@given(st.text(max_size=100), st.sampled_from([".pdf", ".docx", ".MP3"]))
def test_whatsapp_never_gets_a_name_that_it_refuses(stem, ending):
    short = on_whatsapp(stem + ending)
    assert len(short) <= 20
    assert short.isascii()
    assert " " not in short
    assert short.endswith(ending.lower())
