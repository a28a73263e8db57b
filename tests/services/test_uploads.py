from io import BytesIO

import pytest
from flask import Flask
from PIL import Image

from salesbot.errors import SalesbotError
from salesbot.services import uploads
from tests.support.full_disk import no_file_larger_than


@pytest.fixture
def instance(tmp_path):
    """An app that has nothing but an instance folder."""
    app = Flask("shop", instance_path=str(tmp_path))
    with app.app_context():
        yield tmp_path


def picture(form, size=(600, 400), mode="RGB", colour="teal", **how):
    out = BytesIO()
    Image.new(mode, size, colour).save(out, form, **how)
    return out.getvalue()


def kept(name):
    return Image.open(BytesIO((uploads.covers_folder() / name).read_bytes()))


@pytest.mark.parametrize(("form", "kept_as"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "JPEG")])
def test_a_cover_becomes_a_form_that_whatsapp_takes(instance, form, kept_as):
    name = uploads.keep_cover(picture(form), f"My cover.{form.lower()}")
    assert kept(name).format == kept_as
    assert kept(name).size == (600, 400)


def test_a_large_cover_is_made_smaller_and_keeps_its_shape(instance):
    name = uploads.keep_cover(BytesIO(picture("JPEG", (3000, 1500))), "big.jpg")
    assert kept(name).size == (1200, 600)


def test_a_sideways_photo_stands_upright_and_tells_no_place(instance):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}  # where it was
    name = uploads.keep_cover(picture("JPEG", (300, 200), exif=exif), "photo.jpg")
    assert kept(name).size == (200, 300)
    assert not kept(name).getexif()


def test_a_see_through_picture_stays_so(instance):
    name = uploads.keep_cover(picture("PNG", mode="RGBA", colour=(9, 9, 9, 0)), "logo.png")
    assert kept(name).convert("RGBA").getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    "content", [b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture("GIF")]
)
def test_what_is_no_photo_is_refused_in_words_that_name_the_file(instance, content):
    with pytest.raises(SalesbotError, match=r"cover\.xyz is not a picture"):
        uploads.keep_cover(content, "cover.xyz")


def test_half_a_picture_is_refused_and_leaves_nothing_behind(instance):
    whole = picture("PNG", colour="red")
    with pytest.raises(SalesbotError):
        uploads.keep_cover(whole[: len(whole) // 2], "half.png")
    assert list(uploads.covers_folder().iterdir()) == []


def test_a_picture_that_would_fill_the_memory_is_refused(instance):
    with pytest.raises(SalesbotError, match="too many pixels"):
        uploads.keep_cover(picture("PNG", (12_000, 12_000), mode="1", colour=0), "bomb.png")


def test_a_file_is_kept_byte_for_byte_under_a_name_that_nobody_guesses(instance):
    one = uploads.keep_file(BytesIO(b"PK\x03\x04 book"), "My Book.ZIP")
    other = uploads.keep_file(b"PK\x03\x04 book", "../../etc/passwd")
    assert (uploads.files_folder() / one).read_bytes() == b"PK\x03\x04 book"
    assert one.endswith(".zip")
    assert "." not in other
    assert "/" not in other
    assert one[:32] != other[:32]


def test_a_write_that_breaks_off_leaves_no_file(instance):
    class Broken(BytesIO):
        def read(self, *size):
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        uploads.keep_file(Broken(), "a.pdf")
    assert list(uploads.files_folder().iterdir()) == []


def test_an_upload_that_would_fill_the_disk_is_refused_before_it_is_begun(instance, nearly_full):
    for keep, content in ((uploads.keep_cover, picture("PNG")), (uploads.keep_file, b"a book")):
        with pytest.raises(SalesbotError, match=r"book\.pdf was not kept, because the disk .* is full"):
            keep(content, "book.pdf")
    assert not [path for path in instance.rglob("*") if path.is_file()]


def test_a_disk_that_fills_up_meanwhile_leaves_no_half_file(instance):
    with no_file_larger_than(100_000), pytest.raises(SalesbotError, match="the disk of the shop is full"):
        uploads.keep_file(BytesIO(bytes(300_000)), "book.pdf")
    assert not list(uploads.files_folder().iterdir())
    assert uploads.keep_file(bytes(300_000), "book.pdf")
