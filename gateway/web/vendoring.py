"""Take a front-end package into static/vendor/: `python -m gateway.web.vendoring PACKAGE.tgz ...`.

What is changed in the design system's style sheet, and why, is all here: its fonts come from an outside host,
its image addresses start at the site's root, its brand is not ours, and it knows no dark scheme. Every colour
becomes `var(--family-original, ours)`; app.css gives the variables other values in the dark.
"""

from __future__ import annotations

import re
import sys
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

VENDOR = Path(__file__).resolve().parent / "static" / "vendor"
SYSTEM_FONTS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",sans-serif'
OURS = {  # their colour -> ours; contrast is held by the axe checks
    "005eb8": "0b5c66", "003087": "0a3f47", "002f5c": "06343a", "004b93": "094d55", "003d78": "083f46",
    "0055a6": "0a535c", "004281": "083f46", "337ec6": "3c8089", "c7dcef": "cfe4e4", "d9e7f4": "dfeeee",
    "ccdff1": "d3e6e6", "edf4fa": "eff7f6", "212b32": "16252b", "4c6272": "4a5d66", "f0f4f5": "f3f6f6",
    "d8dde0": "d5dddf", "aeb7bd": "a9b6ba", "007f3b": "0b6b4f", "00662f": "095940", "00401e": "063a2a",
    "004c23": "064632", "330072": "4b3b8f", "ffeb3b": "ffd54a", "7c2855": "7a2f4f",
}  # fmt: skip
FAMILIES = (
    ("fill", re.compile(r"background")),
    ("line", re.compile(r"border|outline|box-shadow|text-decoration")),
    ("text", re.compile(r"color$|^fill$|^stroke$")),
)
DECLARATION = re.compile(r"(?<![\w-])([a-z][a-z-]*):([^;{}]*)(?=[;}])")
COLOUR = re.compile(r"(?<![\w%])#([0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)


def restyled(css: str, images: str) -> str:
    """The design system's style sheet in our colours and fonts, asking no other host for anything."""
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r'"?Frutiger W01"?,\s*arial,\s*sans-serif', SYSTEM_FONTS, css, flags=re.IGNORECASE)
    css = css.replace("/assets/images/", images)
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    return DECLARATION.sub(_recoloured, css)


def _recoloured(found: re.Match[str]) -> str:
    name, value = found.groups()
    family = next((key for key, pattern in FAMILIES if pattern.search(name)), None)
    if family is None:
        return found[0]

    def variable(colour: re.Match[str]) -> str:
        theirs = colour[1].lower()
        theirs = theirs if len(theirs) == 6 else "".join(2 * digit for digit in theirs)
        return f"var(--{family}-{theirs},#{OURS.get(theirs, theirs)})"

    return f"{name}:{COLOUR.sub(variable, value)}"


def _nhsuk(package: tarfile.TarFile, into: Path) -> None:
    root = "package/dist/nhsuk"
    version = into.name.rpartition("-")[2]
    css = _text(package, f"{root}/nhsuk-frontend-{version}.min.css")
    (into / "nhsuk-frontend.css").write_text(restyled(css, "images/"), "utf-8")
    script = _text(package, f"{root}/nhsuk-frontend-{version}.min.js")
    (into / "nhsuk-frontend.js").write_text(re.sub(r"//# sourceMappingURL=\S*", "", script), "utf-8")
    (into / "images").mkdir(exist_ok=True)
    for icon in ("arrow-down", "arrow-up", "arrow-up-down", "cross"):
        source = f"{root}/assets/images/nhsuk-icon-{icon}.svg"
        (into / "images" / f"nhsuk-icon-{icon}.svg").write_text(_text(package, source), "utf-8")


def _openseadragon(package: tarfile.TarFile, into: Path) -> None:
    script = _text(package, "package/build/openseadragon/openseadragon.min.js")
    (into / "openseadragon.js").write_text(re.sub(r"//# sourceMappingURL=\S*", "", script), "utf-8")
    (into / "LICENSE").write_text(_text(package, "package/LICENSE.txt"), "utf-8")
    (into / "images").mkdir(exist_ok=True)
    for member in package.getmembers():
        if member.name.startswith("package/build/openseadragon/images/") and member.isfile():
            stream = package.extractfile(member)
            assert stream is not None
            (into / "images" / Path(member.name).name).write_bytes(stream.read())


def _text(package: tarfile.TarFile, name: str) -> str:
    stream = package.extractfile(name)
    if stream is None:
        raise FileNotFoundError(name)
    return stream.read().decode("utf-8")


TAKERS: dict[str, Callable[[tarfile.TarFile, Path], None]] = {"nhsuk-frontend": _nhsuk, "openseadragon": _openseadragon}


def take(archive: Path) -> str:
    """Unpack what is needed of `<name>-<version>.tgz`; gives the SHA-256 of the package for VENDOR.md."""
    into = VENDOR / archive.name.removesuffix(".tgz")
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as package:
        TAKERS[into.name.rpartition("-")[0]](package, into)
    return sha256(archive.read_bytes()).hexdigest()


if __name__ == "__main__":
    for each in sys.argv[1:]:
        sys.stdout.write(f"{take(Path(each))}  {each}\n")
