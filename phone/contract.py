"""Where the published contract lies: the one thing a phone and a server share."""

from pathlib import Path

CONTRACT = Path(__file__).resolve().parent.parent / "mobile-contract"
