"""Digits rendered from installed fonts, by family, with whole families held out."""
import json
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from strokes import BOX, SIZE

FACES_PER_FAMILY = 4
HERE = Path(__file__).resolve().parent


def families():
    return json.loads((HERE / 'families.json').read_text(encoding='utf-8'))


def installed_faces():
    """Scalable faces that have all ten digits: {family: [(path, index), ...]} in a fixed order."""
    pattern = ':charset=30-39:scalable=true'
    form = '%{family[0]}\t%{file}\t%{index}\\n'
    listing = subprocess.run(['fc-list', pattern, '-f', form],
                             check=True, capture_output=True, text=True).stdout
    faces = {}
    rows = [line.split('\t') for line in listing.splitlines() if line.count('\t') == 2]
    for family, path, index in sorted(rows, key=lambda row: (row[0], Path(row[1]).name, row[2])):
        face = (path, int(index) & 0xffff)  # the high half names an instance of a variable font
        if face not in faces.setdefault(family, []):
            faces[family].append(face)
    return faces


def spread(items, count):
    """At most `count` items, evenly spaced."""
    if len(items) <= count:
        return items
    return [items[round(k * (len(items) - 1) / (count - 1))] for k in range(count)]


def glyph(font, text):
    """The glyph cropped to its ink, its longest side scaled to BOX, centred in SIZE x SIZE."""
    left, top, right, bottom = font.getbbox(text)
    canvas = Image.new('L', (right - left + 8, bottom - top + 8))
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), text, font=font, fill=255)
    ink = canvas.getbbox()
    if ink is None:
        return None
    canvas = canvas.crop(ink)
    scale = BOX / max(canvas.size)
    width, height = (max(1, round(side * scale)) for side in canvas.size)
    mask = Image.new('L', (SIZE, SIZE))
    mask.paste(canvas.resize((width, height), Image.LANCZOS),
               ((SIZE - width) // 2, (SIZE - height) // 2))
    return np.asarray(mask)


def digits_of(face):
    """The ten digit masks of a face, or None where it does not draw ten different shapes."""
    font = ImageFont.truetype(face[0], 160, index=face[1], layout_engine=ImageFont.Layout.BASIC)
    masks = [glyph(font, text) for text in '0123456789']
    if any(mask is None for mask in masks):
        return None
    if len({mask.tobytes() for mask in masks}) < 10:
        return None
    return np.stack(masks)


def font_set(names):
    """Masks [faces, 10, SIZE, SIZE] and the family of each face."""
    faces = installed_faces()
    missing = [name for name in names if name not in faces]
    if missing:
        raise SystemExit(f'font families not installed (see debianPackages): {missing}')
    masks, owners = [], []
    for name in names:
        for face in spread(faces[name], FACES_PER_FAMILY):
            digits = digits_of(face)
            if digits is None:
                print(f'  skipped a face of {name}: not ten different digits')
                continue
            masks.append(digits)
            owners.append(name)
    return np.stack(masks), owners
