"""Where the built page assets are.

`node assets/build.mjs` writes files whose names carry a hash of their bytes, and a manifest that maps the plain names to
them. So an address may be cached for ever, and a new build is seen at once.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

STATIC_DIR = Path(__file__).resolve().parent.parent / "static"
STATIC_URL = "/static"
HOW_TO_BUILD = "run `npm ci --ignore-scripts && node assets/build.mjs` (`make demo` does it for you)"


class AssetsMissing(RuntimeError):
    """The page assets were not built, or the build does not know the asked name. The message says what to run."""


@dataclass(frozen=True, slots=True)
class AssetManifest:
    """Plain name → address, and the names of the icons in the sprite."""

    files: dict[str, str]
    icons: frozenset[str] = field(default_factory=frozenset)
    url: str = f"{STATIC_URL}/dist"

    def address(self, name: str) -> str:
        """The address of an asset such as `console.css`. Raises `AssetsMissing` for a name that was not built."""
        hashed = self.files.get(name)
        if hashed is None:
            raise AssetsMissing(f"no page asset named {name!r}; known: {', '.join(sorted(self.files))}")
        return f"{self.url}/{hashed}"

    def icon_address(self, name: str) -> str:
        """The address of one icon inside the sprite. An icon that the sprite lacks is a mistake, not a blank."""
        if name not in self.icons:
            raise AssetsMissing(f"no icon named {name!r}; add it to assets/icons.json and build again")
        return f"{self.address('icons.svg')}#{name}"


def load_manifest(static_dir: Path = STATIC_DIR) -> AssetManifest:
    """Reads what the build wrote. Raises `AssetsMissing` with the command to run when there is no build."""
    path = static_dir / "dist" / "manifest.json"
    try:
        built = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssetsMissing(f"the page assets are not built: {HOW_TO_BUILD}") from None
    return AssetManifest(files=dict(built["files"]), icons=frozenset(built["icons"]))
