"""Bars on the payer's page are read by a scanner."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from modules.gateways import pictures

SCALE = 4


def painted(uri: str, path: Path) -> None:
    """The picture as a screen shows it: white first, then the bars."""
    svg = base64.b64decode(uri.partition(",")[2]).decode()
    width, height = (float(one) for one in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    image = Image.new("L", (round(width * SCALE), round(height * SCALE)), 255)
    draw = ImageDraw.Draw(image)
    for x, bar in re.findall(r'<rect x="([\d.]+)" y="0" width="([\d.]+)"', svg):
        left = round(float(x) * SCALE)
        draw.rectangle((left, 0, left + round(float(bar) * SCALE) - 1, image.height), fill=0)
    image.save(path)


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
@pytest.mark.parametrize(("value", "symbology", "found"), [
    ("81200000010021", "code128", "81200000010021"), ("81200000010021", "i2of5", "81200000010021"),
    ("\xf1415770999800000280201045", "code128", "\x1d415770999800000280201045"),
    ("A1234567B", "codabar", "A1234567B")])
def test_what_is_shown_is_read_back(value: str, symbology: str, found: str, tmp_path: Path) -> None:
    painted(pictures.bars(value, symbology), tmp_path / "bars.png")
    read = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Scode128.enable", "-Si25.enable",
                           "-Scodabar.enable", tmp_path / "bars.png"], capture_output=True, text=True, check=True)
    assert read.stdout.rstrip("\n").lstrip("\x1d") == found.lstrip("\x1d")


def test_a_symbology_that_is_not_drawn_has_no_picture() -> None:
    assert pictures.bars("12", "qr") == "" and pictures.bars("", "code128") == ""
