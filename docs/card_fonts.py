"""How the files in portfolio/fonts were made: run this to make them again.

Share cards are drawn with the site's own type, in one file a face: the packages of Fontsource are
cut by script for browsers, and here the cuts are put together again, in the one weight and size
that cards use.

    npm pack @fontsource-variable/newsreader@5.3.0 @fontsource-variable/jetbrains-mono@5.3.0
    for package in *.tgz; do tar xzf $package --one-top-level; done
    pip install fonttools==4.68.0 brotli==1.2.1
    python docs/card_fonts.py FOLDER     # the one with the packages
"""

import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FONTS = Path(__file__).parent.parent / "portfolio/fonts"
FEATURES = ["ccmp", "kern", "liga", "locl", "mark", "mkmk"]

# New file → (package, style, scripts, what each axis is fixed to).
FILES = {
    "newsreader-display": (
        "newsreader",
        "standard-normal",
        ["latin", "latin-ext", "vietnamese"],
        {"wght": 380, "opsz": 72},
    ),
    "jetbrains-mono": (
        "jetbrains-mono",
        "wght-normal",
        ["latin", "latin-ext", "vietnamese", "greek", "cyrillic"],
        {"wght": 500},
    ),
}


def cut(source, axes, path):
    """Write a plain TrueType font with the axes of `source` fixed, and nothing for small sizes."""
    font = instantiateVariableFont(TTFont(source), axes)
    # An outline for .notdef, by which drawing knows what the font lacks.
    options = Options(layout_features=FEATURES, hinting=False, notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=font.getBestCmap())
    subsetter.subset(font)
    font.flavor = None
    font.save(path)
    return path


def make(folder, package, style, scripts, axes, target):
    with tempfile.TemporaryDirectory() as temporary:
        cuts = [
            cut(
                next(Path(folder).glob(f"*{package}-5.3.0/package/files/*-{script}-{style}.woff2")),
                axes,
                f"{temporary}/{script}.ttf",
            )
            for script in scripts
        ]
        font = Merger().merge(cuts)
    font.flavor = "woff2"
    font.save(target)


for name, recipe in FILES.items():
    target = FONTS / f"{name}.woff2"
    make(sys.argv[1], *recipe, target)
    print(f"{target.stat().st_size:>7,}  {name}")  # noqa: T201
