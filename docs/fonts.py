"""How the files in portfolio/static/portfolio/fonts were made: run this to make them again.

They are cut from the npm packages of Fontsource: no weights, sizes, ligatures or hints that the
site does not use, and every character that the packages' Latin and extended Latin files have.

    npm pack @fontsource-variable/newsreader@5.3.0 @fontsource-variable/jetbrains-mono@5.3.0
    for package in *.tgz; do tar xzf $package --one-top-level; done
    pip install fonttools==4.68.0 brotli==1.2.1
    python docs/fonts.py FOLDER     # the one with the packages
"""

import io
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FONTS = Path(__file__).parent.parent / "portfolio/static/portfolio/fonts"
FEATURES = ["ccmp", "kern", "liga", "locl", "mark", "mkmk"]
NEWSREADER = "newsreader-5.3.0/package/files/newsreader"
MONO = "jetbrains-mono-5.3.0/package/files/jetbrains-mono"

# New file → (source, the part of each axis that is kept). The display cut is for large sizes.
FILES = {
    "newsreader-latin-wght-normal": (f"{NEWSREADER}-latin-wght-normal", {"wght": (400, 700)}),
    "newsreader-latin-400-italic": (f"{NEWSREADER}-latin-wght-italic", {"wght": 400}),
    "newsreader-latin-380-display": (
        f"{NEWSREADER}-latin-standard-normal",
        {"wght": 380, "opsz": 40},
    ),
    "newsreader-latin-ext-wght-normal": (
        f"{NEWSREADER}-latin-ext-wght-normal",
        {"wght": (400, 700)},
    ),
    "newsreader-latin-ext-400-italic": (f"{NEWSREADER}-latin-ext-wght-italic", {"wght": 400}),
    "jetbrains-mono-latin-wght-normal": (f"{MONO}-latin-wght-normal", {"wght": (400, 600)}),
    "jetbrains-mono-latin-ext-wght-normal": (f"{MONO}-latin-ext-wght-normal", {"wght": (400, 600)}),
}


def cut(source, axes):
    """The bytes of a WOFF2 file with these parts of the axes of `source`."""
    font = TTFont(source)
    options = Options(layout_features=FEATURES, hinting=False, name_IDs=[0, 1, 2, 13, 14])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=font.getBestCmap())
    subsetter.subset(font)
    # The instancer wants a font that was read, not one that was just cut.
    smaller = io.BytesIO()
    font.flavor = None
    font.save(smaller)
    font = instantiateVariableFont(TTFont(smaller), axes)
    font.flavor = "woff2"
    result = io.BytesIO()
    font.save(result)
    return result.getvalue()


for name, (source, axes) in FILES.items():
    content = cut(next(Path(sys.argv[1]).glob(f"*{source}.woff2")), axes)
    FONTS.joinpath(f"{name}.woff2").write_bytes(content)
    print(f"{len(content):>7,}  {name}")  # noqa: T201
