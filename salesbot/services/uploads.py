"""Pictures and files that staff give the shop, kept in the instance folder under our own names."""

from __future__ import annotations

import os
import re
import shutil
import uuid
import warnings
from io import BytesIO
from pathlib import Path
from typing import IO

from flask import current_app
from PIL import Image, ImageOps, UnidentifiedImageError

from salesbot import disk
from salesbot.errors import SalesbotError

COVER_SIDE = 1200  # pixels: as much as a phone shows
COVER_BYTES = 5_000_000  # the largest picture that WhatsApp takes
READ_BYTES = 25_000_000
_READABLE = ("JPEG", "PNG", "WEBP")


def covers_folder() -> Path:
    """Where the pictures of products are; they are public under `/media/`."""
    return folder("covers")


def files_folder() -> Path:
    """Where the files that customers buy are; nobody gets them but through a delivery."""
    return folder("files")


def keep_cover(source: IO[bytes] | bytes, filename: str) -> str:
    """Keeps a picture as a JPEG or PNG that WhatsApp takes; gives its name in `covers_folder()`.

    SalesbotError says why a file can't be used. What a camera wrote into it, such as a place, is
    left out.
    """
    content = source if isinstance(source, bytes) else source.read(READ_BYTES + 1)
    if len(content) > READ_BYTES:
        raise SalesbotError("{file} is larger than {n} MB", file=filename, n=READ_BYTES // 1_000_000)
    data, suffix = _prepared(content, filename)
    return _keep(covers_folder(), suffix, BytesIO(data), filename)


def keep_file(source: IO[bytes] | bytes, filename: str) -> str:
    """Keeps a file for sale as it is; gives its name in `files_folder()`."""
    return keep_in(files_folder(), BytesIO(source) if isinstance(source, bytes) else source, filename)


def keep_in(place: Path, source: IO[bytes], filename: str) -> str:
    """Keeps a file as it is in the folder `place`; gives its name there.

    SalesbotError when there is no room for it.
    """
    ending = re.search(r"\.[A-Za-z0-9]{1,10}$", filename)
    suffix = ending[0].lower() if ending else ""
    return _keep(place, suffix, source, filename)


def folder(name: str) -> Path:
    """A folder for uploads of one sort, made when it is asked for first."""
    path = Path(current_app.instance_path) / "uploads" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def _prepared(content: bytes, filename: str) -> tuple[bytes, str]:
    try:
        with warnings.catch_warnings():
            # A small file that claims to be a giant picture is an attack on the memory.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(content), formats=_READABLE)
            picture.load()
            is_png = picture.format == "PNG"
            upright = ImageOps.exif_transpose(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as exc:
        raise SalesbotError("{file} is not a picture: use JPEG, PNG or WebP", file=filename) from exc
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise SalesbotError("{file} has too many pixels: make it smaller first", file=filename) from exc
    if max(upright.size) > COVER_SIDE:
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        upright.thumbnail((COVER_SIDE, COVER_SIDE), Image.Resampling.LANCZOS)
    if is_png or upright.has_transparency_data:
        data = _saved(_for_png(upright), "PNG")
        if len(data) <= COVER_BYTES:
            return data, ".png"
    return _saved(_on_white(upright), "JPEG"), ".jpg"


def _for_png(picture: Image.Image) -> Image.Image:
    if picture.mode == "P":
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB")


def _saved(picture: Image.Image, form: str) -> bytes:
    picture.info = {key: value for key, value in picture.info.items() if key == "transparency"}
    out = BytesIO()
    picture.save(out, form, optimize=True, quality=85)
    return out.getvalue()


def _keep(place: Path, suffix: str, source: IO[bytes], filename: str) -> str:
    """Writes a new file whole or not at all; its name is made here and can't be guessed."""
    name = f"{uuid.uuid4().hex}{suffix}"
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    if disk.free_bytes(place) < size + disk.RESERVE:
        raise _no_room(filename)
    try:
        with disk.whole_file(place / name) as file:
            shutil.copyfileobj(source, file)
    except OSError as exc:
        if disk.is_full(exc):
            raise _no_room(filename) from exc
        raise
    return name


def _no_room(filename: str) -> SalesbotError:
    return SalesbotError(
        "{file} was not kept, because the disk of the shop is full: make room there and try again",
        file=filename,
    )
