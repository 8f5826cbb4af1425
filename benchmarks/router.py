"""Routing accuracy by language and kind of phrase, beside a router that looks for the table's words.

    python benchmarks/router.py [--misses] [FOLDER]

Without a folder, the phrases of the tests are used. "heldout" phrases had no part in making the tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from phrase_scores import Score, load, naive_intent, score

from music_cog_online.manifest import load_manifest
from music_cog_online.router import Router

ROOT = Path(__file__).resolve().parents[1]
GROUPS = ("all", "plain", "slang", "typo", "trap", "upload", "edit", "export", "credits", "state")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "tests" / "data" / "phrases")
    parser.add_argument("--misses", action="store_true", help="list the phrases that were routed wrongly")
    args = parser.parse_args()
    intents = load_manifest(ROOT).intents
    router = Router(intents)
    for part in ("dev", "heldout"):
        phrases = load(args.folder, part)
        started = time.process_time()
        ours = score(phrases, lambda text, files: router.route(text, attachments=files).intent)
        spent_s = time.process_time() - started
        naive = score(phrases, lambda text, files: naive_intent(text, files, intents["actions"]))
        languages = sorted({phrase.language for phrase in phrases})
        print(f"\n{part}: {len(phrases)} phrases, {1000 * spent_s / max(len(phrases), 1):.2f} ms each")
        _table(ours, naive, (*GROUPS, *languages))
        if args.misses:
            for phrase, answer in ours.misses:
                print(f"  {phrase.language} {phrase.intent} -> {answer}: {phrase.text}")
    return 0


def _table(ours: Score, naive: Score, groups: tuple[str, ...]) -> None:
    print(f"{'':10}{'phrases':>8}{'router':>9}{'words':>9}")
    for group in groups:
        if ours.total[group]:
            print(f"{group:10}{ours.total[group]:8}{ours.accuracy(group):9.1%}{naive.accuracy(group):9.1%}")
    print(f"{'false exports':18}{ours.false_exports:9}{naive.false_exports:9}")


if __name__ == "__main__":
    sys.exit(main())
